import { showHostPort } from '../config/forms.ts';
import { showListenPoint } from '../config/listen-point.ts';
import type { Listener } from '../edge/signaling.ts';
import { version } from '../version.ts';
import type { Logger } from './log.ts';
import type { Accepted } from './reloads.ts';

export interface Opened extends Pick<Accepted, 'settings' | 'notices' | 'directories'> {
  readonly listeners: readonly Listener[];
  readonly metricsAt: string;
  /** The data directory, and how many registrations were found in it. */
  readonly dataAt: string;
  readonly registrations: number;
}

/** What somebody who starts the gate wants to see. */
export function sayOpen(log: Logger, opened: Opened): void {
  const { settings, notices, directories, listeners, metricsAt, dataAt, registrations } = opened;
  for (const notice of notices) log.warn(notice);
  log.info({ version, node: process.version, process: process.pid }, 'Drawbridge is open');
  for (const listener of listeners) {
    const { address, port, realm, advertised } = listener;
    const own = advertised.host === address && advertised.port === port;
    log.info(
      { realm, ...(own ? {} : { advertised: showHostPort(advertised.host, advertised.port) }) },
      `listening on ${showListenPoint(listener)}`,
    );
  }
  for (const { name, uri, drain } of settings.pbx.nodes) {
    log.info(
      { node: name, ...(drain ? { drain } : {}) },
      `PBX at ${uri}, asked every ${settings.pbx.health.everySeconds} s`,
    );
  }
  log.info(`metrics at ${metricsAt}`);
  log.info({ registrations }, `data in ${dataAt}`);
  log.info(`settings from ${Object.values(directories).join(' and ')}`);
  if (
    settings.tls.certificates.length === 0 &&
    listeners.some(({ transport }) => transport === 'tls' || transport === 'wss')
  ) {
    log.warn('TLS uses a self-signed certificate: name your own in tls.certificates');
  }
}
