import type { PbxSettings } from '../edge/edge-settings.ts';
import { checkCalls } from './compile-calls.ts';
import { compileCluster } from './compile-cluster.ts';
import { compileDrachtio } from './compile-drachtio.ts';
import { compileLists } from './compile-lists.ts';
import { compileNotifications } from './compile-notifications.ts';
import { checkPolicy } from './compile-policy.ts';
import { compilePrograms } from './compile-programs.ts';
import type { Environment } from './environment.ts';
import { hopOf, readHostPort, showHostPort } from './forms.ts';
import { showListenPoint } from './listen-point.ts';
import { isHere } from './own-addresses.ts';
import { mismatch } from './problem.ts';
import type { SettingsTree } from './schema.ts';
import type { Path } from './schema-keys.ts';
import { secretOf } from './secret-of.ts';
import type { ListenerSettings, Settings } from './settings.ts';
import { sourceNotices } from './source-notices.ts';

/** What the machine and the process offer to the settings. */
export interface Surroundings {
  readonly environment: Environment;
  readonly ipv6: boolean;
  /** The addresses this machine has now, besides loopback. */
  readonly addresses?: readonly string[];
  /** What this machine calls itself. */
  readonly hostName?: string;
  /** Names of variables that the gate which runs has, whether we have them or not. */
  readonly heldByGate?: readonly string[];
}

/**
 * What does not go together: the same said from each of the places that could be changed, the likeliest
 * first. Whoever knows which of them was given on the command line can name that one.
 */
export type Conflict = readonly [Said, ...Said[]];

interface Said {
  readonly path: Path;
  readonly text: string;
}

export type Compiled =
  | { readonly ok: true; readonly settings: Settings; readonly notices: readonly string[] }
  | { readonly ok: false; readonly problems: readonly Conflict[] };

/** Makes settings of a tree that the schema accepted, or says what in it does not go together. */
export function compile(tree: SettingsTree, surroundings: Surroundings): Compiled {
  const problems: Conflict[] = [];
  const notices: string[] = [];
  const overDrachtio = tree.drachtio.servers.length > 0;
  const listeners = overDrachtio ? [] : compileListeners(tree, surroundings, problems, notices);
  const pbx = compilePbx(tree, surroundings, problems, notices);
  const trunks = tree.trunks.map(({ name, ...rest }) => ({
    name: name ?? hopOf(rest.uri),
    ...rest,
  }));
  namesOnce(trunks, ['trunks'], problems);
  notices.push(...sourceNotices(pbx, trunks));
  for (const [list, hops] of [
    [['pbx', 'nodes'], pbx.nodes],
    [['trunks'], trunks],
  ] as const) {
    for (const [index, { uri }] of hops.entries()) {
      const own = listeners.find((listener) => leadsTo(uri, listener, surroundings));
      if (own === undefined) continue;
      const found = `${uri}, which is this gate's own ${showListenPoint(own)}`;
      const text = mismatch(found, 'another place');
      problems.push([{ path: [...list, index, 'uri'], text }]);
    }
  }

  const { everySeconds, timeoutSeconds } = tree.pbx.health;
  if (timeoutSeconds > everySeconds) {
    const health = ['pbx', 'health'];
    problems.push([
      {
        path: [...health, 'timeoutSeconds'],
        text: mismatch(String(timeoutSeconds), `at most everySeconds (${everySeconds})`),
      },
      {
        path: [...health, 'everySeconds'],
        text: mismatch(String(everySeconds), `at least timeoutSeconds (${timeoutSeconds})`),
      },
    ]);
  }
  checkCalls(tree, trunks, problems, notices);
  const programs = compilePrograms(tree, surroundings, problems, notices);
  const drachtio = compileDrachtio(tree, surroundings, problems, notices);
  const cluster = compileCluster(tree, listeners, surroundings, problems, notices);
  const lists = compileLists(tree, surroundings, problems);
  const notifications = compileNotifications(tree, surroundings, problems);
  checkPolicy(tree, problems, notices);
  if (problems.length > 0) return { ok: false, problems };

  const { authorities, ...tls } = tree.tls;
  const { site, network, registration, outbound, inbound, extensions, exceptions, ...others } =
    tree;
  const { times, pins, outboundRoutes, ...rest } = others;
  const calls = { outboundRoutes, times, pins };
  const settings: Settings = {
    ...rest,
    policy: { site, network, registration, outbound, inbound, extensions, exceptions, ...calls },
    registration: tree.pbx.registration,
    ...programs,
    drachtio,
    cluster,
    lists,
    notifications,
    listeners,
    pbx,
    trunks,
    tls: authorities === undefined ? tls : { ...tls, authorities },
  };
  return { ok: true, settings, notices };
}

function compileListeners(
  { listeners, http, programPort }: SettingsTree,
  { ipv6 }: Surroundings,
  problems: Conflict[],
  notices: string[],
): readonly ListenerSettings[] {
  const taken = new Map<string, Taken>();
  if (http.port !== 0) {
    const shown = showHostPort(http.address, http.port);
    taken.set(`tcp ${http.address} ${http.port}`, {
      who: 'http',
      shown,
      path: ['http', 'port'],
    });
  }
  if (programPort.port !== null) {
    const { address, port } = programPort;
    const path = ['programPort', 'port'];
    const shown = showHostPort(address, port);
    const clash = clashOf({ transport: 'tcp', address, port }, taken);
    if (clash !== undefined)
      problems.push([{ path, text: mismatch(shown, `an address not yet taken by ${clash.who}`) }]);
    if (port !== 0) taken.set(`tcp ${address} ${port}`, { who: 'programPort', shown, path });
  }
  const compiled: ListenerSettings[] = [];

  for (const [index, { listen, optional, advertise, origins, ...rest }] of listeners.entries()) {
    const shown = showListenPoint(listen);
    const path = ['listeners', index, 'listen'];
    if (listen.address.includes(':') && !ipv6) {
      if (optional) notices.push(`${shown} is left out: this machine has no IPv6`);
      else
        problems.push([
          { path, text: mismatch(shown, 'an IPv4 address: this machine has no IPv6') },
        ]);
      continue;
    }
    const clash = clashOf(listen, taken);
    if (clash !== undefined) {
      const free = (who: string): string => `an address not yet taken by ${who}`;
      problems.push([
        { path, text: mismatch(shown, free(clash.who)) },
        { path: clash.path, text: mismatch(clash.shown, free(shown)) },
      ]);
    }
    taken.set(`${portSpace(listen.transport)} ${listen.address} ${listen.port}`, {
      who: shown,
      shown,
      path,
    });
    if (
      rest.clientCertificate !== 'none' &&
      listen.transport !== 'tls' &&
      listen.transport !== 'wss'
    ) {
      const found = `"${rest.clientCertificate}" on ${listen.transport}`;
      problems.push([
        {
          path: ['listeners', index, 'clientCertificate'],
          text: mismatch(found, 'tls or wss, or none'),
        },
      ]);
    }
    if (origins !== undefined && listen.transport !== 'ws' && listen.transport !== 'wss') {
      const text = mismatch(`origins on ${listen.transport}`, 'ws or wss');
      problems.push([{ path: ['listeners', index, 'origins'], text }]);
    }
    compiled.push({
      ...listen,
      ...rest,
      ...(origins === undefined ? {} : { origins }),
      ...(advertise === undefined ? {} : { advertise: place(advertise) }),
    });
  }
  if (compiled.length === 0 && problems.length === 0) {
    const text = mismatch('none that this machine can open', 'at least one');
    problems.push([{ path: ['listeners'], text }]);
  }
  return compiled;
}

/** Would the gate talk to itself? It would answer its own health checks, and every call would turn in a circle. */
function leadsTo(
  uri: string,
  { transport, address, port }: ListenerSettings,
  { addresses = [] }: Surroundings,
): boolean {
  const place = readHostPort(hopOf(uri));
  if (!place.ok) return false;
  const secure = /^sips:/i.test(uri);
  const asked = /;transport=([a-z]+)/i.exec(uri)?.[1]?.toLowerCase() ?? (secure ? 'tls' : 'udp');
  const wanted = secure && asked === 'tcp' ? 'tls' : asked;
  const to = place.value.port ?? (wanted === 'tls' || wanted === 'wss' ? 5061 : 5060);
  if (wanted !== transport || to !== port) return false;
  const host = place.value.host === 'localhost' ? '127.0.0.1' : place.value.host;
  if (address === host) return true;
  const any = host.includes(':') ? '::' : '0.0.0.0';
  return address === any && (isHere(host) || addresses.includes(host));
}

function place({ host, port }: { host: string; port?: number | undefined }) {
  return port === undefined ? { host } : { host, port };
}

function portSpace(transport: string): 'udp' | 'tcp' {
  return transport === 'udp' ? 'udp' : 'tcp';
}

interface Taken {
  /** How it is called, and what it occupies. */
  readonly who: string;
  readonly shown: string;
  readonly path: Path;
}

/** Who already has this address, the any-address included: the system would refuse the second. */
function clashOf(
  { transport, address, port }: { transport: string; address: string; port: number },
  taken: ReadonlyMap<string, Taken>,
): Taken | undefined {
  if (port === 0) return undefined;
  const space = portSpace(transport);
  const any = address.includes(':') ? '::' : '0.0.0.0';
  if (address !== any) {
    return taken.get(`${space} ${address} ${port}`) ?? taken.get(`${space} ${any} ${port}`);
  }
  for (const [key, who] of taken) {
    const [keySpace, keyAddress = '', keyPort] = key.split(' ');
    const sameFamily = keyAddress.includes(':') === address.includes(':');
    if (keySpace === space && keyPort === String(port) && sameFamily) return who;
  }
  return undefined;
}

/** Long enough not to be guessed, and nothing that could end the header line. */
const trunkHeaderForm = {
  allowed: /^[\x21-\x7e]{16,256}$/,
  expected: '16 to 256 printable characters without spaces',
};

function compilePbx(
  { pbx }: SettingsTree,
  surroundings: Surroundings,
  problems: Conflict[],
  notices: string[],
): PbxSettings {
  const nodes = pbx.nodes.map(({ name, ...rest }) => ({ name: name ?? hopOf(rest.uri), ...rest }));
  namesOnce(nodes, ['pbx', 'nodes'], problems);
  const { trunkHeader, registration: _, ...rest } = pbx;
  if (trunkHeader === null) {
    if (surroundings.environment.DRAWBRIDGE_PBX_SECRET) {
      notices.push('DRAWBRIDGE_PBX_SECRET is set, but pbx.trunkHeader is null: no header is sent');
    }
    return { ...rest, nodes };
  }
  const path = ['pbx', 'trunkHeader', 'value'];
  const value = secretOf(trunkHeader.value, path, trunkHeaderForm, surroundings, problems);
  return { ...rest, nodes, trunkHeader: { name: trunkHeader.name, value } };
}

function namesOnce(
  entries: readonly { readonly name: string }[],
  list: Path,
  problems: Conflict[],
): void {
  const first = new Map<string, number>();
  for (const [index, { name }] of entries.entries()) {
    const before = first.get(name);
    if (before === undefined) {
      first.set(name, index);
      continue;
    }
    const text = mismatch(`a second entry called "${name}"`, 'a name of its own for each');
    problems.push([
      { path: [...list, index], text },
      { path: [...list, before], text },
    ]);
  }
}
