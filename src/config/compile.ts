import type { PbxSettings } from '../edge/edge-settings.ts';
import type { Environment } from './environment.ts';
import { hopOf, showHostPort } from './forms.ts';
import { mismatch } from './problem.ts';
import type { SettingsTree } from './schema.ts';
import type { Path } from './schema-keys.ts';
import type { ListenerSettings, Settings } from './settings.ts';

/** What the machine and the process offer to the settings. */
export interface Surroundings {
  readonly environment: Environment;
  readonly ipv6: boolean;
}

export type Compiled =
  | { readonly ok: true; readonly settings: Settings; readonly notices: readonly string[] }
  | { readonly ok: false; readonly problems: readonly { path: Path; text: string }[] };

/** Makes settings of a tree that the schema accepted, or says what in it does not go together. */
export function compile(tree: SettingsTree, surroundings: Surroundings): Compiled {
  const problems: { path: Path; text: string }[] = [];
  const notices: string[] = [];
  const listeners = compileListeners(tree, surroundings, problems, notices);
  const pbx = compilePbx(tree, surroundings, problems, notices);
  const trunks = tree.trunks.map(({ name, ...rest }) => ({
    name: name ?? hopOf(rest.uri),
    ...rest,
  }));
  namesOnce(trunks, ['trunks'], problems);

  const { everySeconds, timeoutSeconds } = tree.pbx.health;
  if (timeoutSeconds > everySeconds) {
    problems.push({
      path: ['pbx', 'health', 'timeoutSeconds'],
      text: mismatch(String(timeoutSeconds), `at most everySeconds (${everySeconds})`),
    });
  }
  if (problems.length > 0) return { ok: false, problems };

  const { authorities, ...tls } = tree.tls;
  const settings: Settings = {
    ...tree,
    listeners,
    pbx,
    trunks,
    tls: authorities === undefined ? tls : { ...tls, authorities },
  };
  return { ok: true, settings, notices };
}

function compileListeners(
  { listeners, http }: SettingsTree,
  { ipv6 }: Surroundings,
  problems: { path: Path; text: string }[],
  notices: string[],
): readonly ListenerSettings[] {
  const taken = new Map<string, string>([[`tcp ${http.address} ${http.port}`, 'http']]);
  const compiled: ListenerSettings[] = [];

  for (const [index, { listen, optional, advertise, ...rest }] of listeners.entries()) {
    const shown = `${listen.transport}:${showHostPort(listen.address, listen.port)}`;
    const path = ['listeners', index, 'listen'];
    if (listen.address.includes(':') && !ipv6) {
      if (optional) notices.push(`${shown} is left out: this machine has no IPv6`);
      else
        problems.push({ path, text: mismatch(shown, 'an IPv4 address: this machine has no IPv6') });
      continue;
    }
    const clash = clashOf(listen, taken);
    if (clash !== undefined) {
      problems.push({ path, text: mismatch(shown, `an address not yet taken by ${clash}`) });
    }
    taken.set(`${portSpace(listen.transport)} ${listen.address} ${listen.port}`, shown);
    if (
      rest.clientCertificate !== 'none' &&
      listen.transport !== 'tls' &&
      listen.transport !== 'wss'
    ) {
      problems.push({
        path: ['listeners', index, 'clientCertificate'],
        text: mismatch(`"${rest.clientCertificate}" on ${listen.transport}`, 'tls or wss, or none'),
      });
    }
    compiled.push({
      ...listen,
      ...rest,
      ...(advertise === undefined ? {} : { advertise: place(advertise) }),
    });
  }
  if (compiled.length === 0 && problems.length === 0) {
    problems.push({
      path: ['listeners'],
      text: mismatch('none that this machine can open', 'at least one'),
    });
  }
  return compiled;
}

function place({ host, port }: { host: string; port?: number | undefined }) {
  return port === undefined ? { host } : { host, port };
}

function portSpace(transport: string): 'udp' | 'tcp' {
  return transport === 'udp' ? 'udp' : 'tcp';
}

/** Who already has this address, the any-address included: the system would refuse the second. */
function clashOf(
  { transport, address, port }: { transport: string; address: string; port: number },
  taken: ReadonlyMap<string, string>,
): string | undefined {
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

function compilePbx(
  { pbx }: SettingsTree,
  { environment }: Surroundings,
  problems: { path: Path; text: string }[],
  notices: string[],
): PbxSettings {
  const nodes = pbx.nodes.map(({ name, ...rest }) => ({ name: name ?? hopOf(rest.uri), ...rest }));
  namesOnce(nodes, ['pbx', 'nodes'], problems);
  const { trunkHeader, ...rest } = pbx;
  if (trunkHeader === null) {
    if (environment.DRAWBRIDGE_PBX_SECRET) {
      notices.push('DRAWBRIDGE_PBX_SECRET is set, but pbx.trunkHeader is null: no header is sent');
    }
    return { ...rest, nodes };
  }
  const variable = trunkHeader.value.slice(2, -1);
  const value = environment[variable] ?? '';
  // Long enough not to be guessed, and nothing that could end the header line.
  if (!/^[\x21-\x7e]{16,256}$/.test(value)) {
    const found =
      value === '' ? `no variable ${variable}` : `a ${variable} of another form (not shown)`;
    problems.push({
      path: ['pbx', 'trunkHeader', 'value'],
      text: mismatch(found, '16 to 256 printable characters without spaces'),
    });
  }
  return { ...rest, nodes, trunkHeader: { name: trunkHeader.name, value } };
}

function namesOnce(
  entries: readonly { readonly name: string }[],
  list: Path,
  problems: { path: Path; text: string }[],
): void {
  for (const [index, { name }] of entries.entries()) {
    if (entries.findIndex((other) => other.name === name) !== index) {
      problems.push({
        path: [...list, index],
        text: mismatch(`a second entry called "${name}"`, 'a name of its own for each'),
      });
    }
  }
}
