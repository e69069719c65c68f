import { showHostPort } from '../config/forms.ts';
import { isSamePlace, type ListenPoint, showListenPoint } from '../config/listen-point.ts';
import type { Settings } from '../config/settings.ts';
import type { InheritedSocket } from '../data/messages.ts';
import { adviceOn } from '../data/why-not-open.ts';
import { whyNotListen } from './why-not-listen.ts';

/** What the gate that runs has open. */
export interface HeldPlaces {
  readonly sockets: readonly InheritedSocket[];
  readonly http: Settings['http'];
}

type Wanted = Pick<Settings, 'listeners' | 'drachtio' | 'http' | 'programPort'>;

/**
 * What keeps a gate with these settings from taking the place of the one that runs, found while that still serves: once it
 * has given all away it is too late. Opens what is to be new for a moment.
 */
export async function whyNotTakeOver(
  settings: Wanted,
  held: HeldPlaces,
): Promise<string | undefined> {
  if (settings.drachtio.servers.length > 0)
    return 'its settings name a drachtio-server, which has the sockets: end the gate that runs by SIGTERM, and start it anew.';
  for (const listener of settings.listeners) {
    if (held.sockets.some((socket) => isSamePlace(socket, listener))) continue;
    const why = await whyNotListen(listener);
    if (why !== undefined)
      return `cannot listen on ${showListenPoint(listener)}: ${why}.${advice(why, listener, held)}`;
  }
  const { http, programPort } = settings;
  if (!isSamePlace({ ...http, transport: 'tcp' }, { ...held.http, transport: 'tcp' })) {
    const why = await whyNotListen({ ...http, transport: 'tcp' });
    if (why !== undefined)
      return `metrics cannot be served on ${showHostPort(http.address, http.port)}: ${why}.`;
  }
  const { address, port } = programPort;
  const why = port === null ? undefined : await whyNotListen({ transport: 'tcp', address, port });
  return why === undefined
    ? undefined
    : `programs cannot be served on ${address} port ${port}: ${why}.`;
}

/** One that stays open for the calls on it is in the way of another that overlaps it. */
function advice(why: string, listener: ListenPoint, { sockets }: HeldPlaces): string {
  const other = sockets.find((socket) => overlap(socket, listener));
  return other === undefined
    ? adviceOn(`${why} port ${listener.port}`)
    : ` ${showListenPoint(other)} is open until the calls of the gate that runs have ended. Change it by a restart.`;
}

const overlap = (one: ListenPoint, other: ListenPoint): boolean =>
  one.port === other.port &&
  (one.transport === 'udp') === (other.transport === 'udp') &&
  one.address.includes(':') === other.address.includes(':') &&
  (one.address === other.address || isEvery(one) || isEvery(other));

const isEvery = ({ address }: ListenPoint): boolean => address === '0.0.0.0' || address === '::';
