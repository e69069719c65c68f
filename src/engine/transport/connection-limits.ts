import type { LimitSettings } from '../../config/settings.ts';
import { sourceOf } from '../../edge/packed-address.ts';
import type { Realm } from '../../edge/signaling.ts';
import type { ConnectionLimit } from './transports.ts';

/** How many connections there may be, from one source and in total, and how often each limit was hit. */
export class ConnectionLimits {
  readonly #limits: Pick<LimitSettings, 'connections' | 'connectionsPerSource'>;
  readonly #perSource = new Map<string, number>();
  readonly #refused: Record<ConnectionLimit, number> = {
    'per-source': 0,
    total: 0,
    'handshake-time': 0,
    'message-time': 0,
    'idle-time': 0,
    'message-size': 0,
    pieces: 0,
    'send-backlog': 0,
  };
  #accepted = 0;

  constructor(limits: Pick<LimitSettings, 'connections' | 'connectionsPerSource'>) {
    this.#limits = limits;
  }

  get refused(): Readonly<Record<ConnectionLimit, number>> {
    return { ...this.#refused };
  }

  /** Sources with a connection now; none is remembered without one. */
  get sources(): number {
    return this.#perSource.size;
  }

  /**
   * Counts a connection in, or says that it is one too many. The limit per source is for strangers and phones;
   * the PBX gets in even when strangers hold all that are allowed.
   */
  enter(address: string, realm: Realm): boolean {
    const source = sourceOf(address);
    const already = this.#perSource.get(source) ?? 0;
    if (realm === 'access' && already >= this.#limits.connectionsPerSource) {
      this.hit('per-source');
      return false;
    }
    if (realm !== 'core' && this.#accepted >= this.#limits.connections) {
      this.hit('total');
      return false;
    }
    this.#accepted += 1;
    this.#perSource.set(source, already + 1);
    return true;
  }

  /** Counts out a connection that was counted in. */
  leave(address: string): void {
    const source = sourceOf(address);
    const left = (this.#perSource.get(source) ?? 1) - 1;
    if (left > 0) this.#perSource.set(source, left);
    else this.#perSource.delete(source);
    this.#accepted -= 1;
  }

  hit(limit: ConnectionLimit): void {
    this.#refused[limit] += 1;
  }
}
