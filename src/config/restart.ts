import { isDeepStrictEqual } from 'node:util';
import type { Settings } from './settings.ts';

/**
 * What only a restart can change, and why. Everything else takes effect on reload.
 * A reload keeps the running value of these and says so.
 */
const needsRestart = {
  dataDirectory: 'the database and the lock are open there',
  listeners: 'sockets are bound at start',
  tls: 'files are chosen at start; new contents of the same files are taken up by themselves',
  limits: 'tables and connections are sized at start',
  http: 'its socket is bound at start',
  programPort: 'its socket is bound at start',
  drachtio: 'what carries SIP is chosen at start',
  cluster: 'Redis is connected to at start, and tokens are made with the secret',
} as const satisfies Partial<Record<keyof Settings, string>>;

export interface Reload {
  /** The new settings, with the running value wherever only a restart can change it. */
  readonly settings: Settings;
  /** The keys that change now. */
  readonly changed: readonly string[];
  /** The keys whose new value waits for a restart, each with the reason. */
  readonly waiting: readonly { readonly key: string; readonly why: string }[];
}

/** What a reload from one set of settings to another does. */
export function planReload(running: Settings, asked: Settings): Reload {
  // A port that is to be closed stays open until the restart: its secret must go on to count.
  const secret = asked.programs.secret || running.programs.secret;
  const wanted: Settings = { ...asked, programs: { ...asked.programs, secret } };
  const changed = (Object.keys(wanted) as (keyof Settings)[]).filter(
    (key) => !isDeepStrictEqual(running[key], wanted[key]),
  );
  const held = Object.keys(needsRestart) as (keyof typeof needsRestart)[];
  const { dataDirectory, listeners, tls, limits, http, programPort, drachtio, cluster } = running;
  return {
    settings: {
      ...wanted,
      ...{ dataDirectory, listeners, tls, limits, http, programPort, drachtio, cluster },
    },
    changed: changed.filter((key) => !(key in needsRestart)),
    waiting: held
      .filter((key) => changed.includes(key))
      .map((key) => ({ key, why: needsRestart[key] })),
  };
}
