import { isDeepStrictEqual } from 'node:util';
import type { Conflict, Surroundings } from './compile.ts';
import { showHostPort } from './forms.ts';
import { showListenPoint } from './listen-point.ts';
import { isHere } from './own-addresses.ts';
import { mismatch } from './problem.ts';
import { type SettingsTree, settingsSchema } from './schema.ts';
import type { Path } from './schema-keys.ts';
import { secretOf } from './secret-of.ts';
import type { DrachtioSettings, LimitSettings, TlsSettings } from './settings.ts';

/** What the embedded engine alone can keep; the rest holds for both. */
const ofTheSockets = [
  'connectionsPerSource',
  'connections',
  'handshakeSeconds',
  'messageSeconds',
  'firstMessageSeconds',
  'idleSeconds',
  'messageBytes',
] as const satisfies readonly (keyof LimitSettings)[];

const ofTls = [
  'certificates',
  'authorities',
  'warnDaysBeforeExpiry',
] as const satisfies readonly (keyof TlsSettings)[];

const secretForm = {
  allowed: /^[\x21-\x7b\x7d\x7e]{1,256}$/,
  expected: "the server's secret: printable characters without spaces and |",
};

/** Which drachtio-servers there are, and whether nothing else is asked for that only the embedded engine can do. */
export function compileDrachtio(
  tree: SettingsTree,
  surroundings: Surroundings,
  problems: Conflict[],
  notices: string[],
): DrachtioSettings {
  const { servers, secret, tls, listeners } = tree.drachtio;
  const settings: DrachtioSettings = {
    servers,
    secret: '',
    tls: { enabled: tls.enabled, ...(tls.authorities && { authorities: tls.authorities }) },
    listeners: listeners.map(({ listen, realm }) => ({ ...listen, realm })),
  };
  if (servers.length === 0) {
    if (surroundings.environment.DRAWBRIDGE_DRACHTIO_SECRET)
      notices.push(
        'DRAWBRIDGE_DRACHTIO_SECRET is set, but drachtio.servers is empty: the gate has its own sockets',
      );
    return settings;
  }
  refuseWhatItCannot(tree, problems);
  refuseTwice(tree, problems);
  if (!tls.enabled && tls.authorities !== undefined) {
    const text = mismatch('false', 'true, for authorities are named');
    problems.push([{ path: ['drachtio', 'tls', 'enabled'], text }]);
  }
  const exposed = servers.find(({ host }) => !isHere(host));
  if (!tls.enabled && exposed !== undefined)
    notices.push(
      `${showHostPort(exposed.host, exposed.port)} is reached without TLS: the secret and every call can be read`,
    );
  return {
    ...settings,
    secret: secretOf(secret, ['drachtio', 'secret'], secretForm, surroundings, problems),
  };
}

/** `src/drachtio/limits.ts` has the whole list; what a setting asks for is refused here. */
function refuseWhatItCannot(tree: SettingsTree, problems: Conflict[]): void {
  const standard = settingsSchema.parse({});
  const servers: Path = ['drachtio', 'servers'];
  const refuse = (path: Path, found: string, expected: string) =>
    problems.push([
      { path, text: mismatch(`${found} with drachtio.servers`, expected) },
      {
        path: servers,
        text: mismatch(`servers, and ${path.join('.')} ${found}`, 'one of the two'),
      },
    ]);
  const own = "the default: the drachtio-server's own settings count";

  if (!isDeepStrictEqual(tree.listeners, standard.listeners))
    refuse(['listeners'], 'listeners', own);
  for (const key of ofTls)
    if (!isDeepStrictEqual(tree.tls[key], standard.tls[key]))
      refuse(['tls', key], key === 'certificates' ? key : String(tree.tls[key]), own);
  for (const key of ofTheSockets)
    if (tree.limits[key] !== standard.limits[key])
      refuse(['limits', key], String(tree.limits[key]), own);
  if (tree.pbx.registration.toward === 'path')
    refuse(
      ['pbx', 'registration', 'toward'],
      'path',
      'contact: a drachtio-server strips our Route',
    );
  if (tree.pbx.registration.keepAlive.by === 'crlf')
    refuse(
      ['pbx', 'registration', 'keepAlive', 'by'],
      'crlf',
      'options or off: it sends no bytes of ours',
    );
  if (tree.programPort.port !== null)
    refuse(['programPort', 'port'], String(tree.programPort.port), 'null: programs connect there');
  for (const key of ['requests', 'handlers'] as const)
    if (tree.programs[key].length > 0)
      refuse(['programs', key], `${key}`, 'none: programs connect there');
}

/** A server that is its own spare is none; of a listener in two realms the second would count for nothing. */
function refuseTwice({ drachtio }: SettingsTree, problems: Conflict[]): void {
  for (const [key, shown] of [
    ['servers', drachtio.servers.map(({ host, port }) => showHostPort(host, port))],
    ['listeners', drachtio.listeners.map(({ listen }) => showListenPoint(listen))],
  ] as const)
    for (const [index, place] of shown.entries())
      if (shown.indexOf(place) < index)
        problems.push([
          { path: ['drachtio', key, index], text: mismatch(`${place} again`, 'each once') },
        ]);
}
