import type { Blocked, PacketFacts, Source, Tier } from '../policy/facts.ts';
import type { Gatekeeper } from './gatekeeper.ts';
import { sourceOf } from './packed-address.ts';
import type { Listener, Realm, Transport } from './signaling.ts';

const NO_NAMES: readonly string[] = [];

/**
 * The facts of the packet that is looked at just now: one object for all of them, so that a flood leaves nothing to
 * clean up. Nobody may keep it.
 */
export class ScreenedPacket implements PacketFacts, Source {
  readonly #gatekeeper: Gatekeeper;
  at = 0;
  address = '';
  port = 0;
  listener: Listener;
  blocked: Blocked | undefined;
  #key = '';
  #keyOf = '';

  constructor(gatekeeper: Gatekeeper, listener: Listener) {
    this.#gatekeeper = gatekeeper;
    this.listener = listener;
  }

  get source(): Source {
    return this;
  }
  get transport(): Transport {
    return this.listener.transport;
  }
  get toPort(): number {
    return this.listener.port;
  }
  get key(): string {
    if (this.#keyOf !== this.address) {
      this.#keyOf = this.address;
      this.#key = sourceOf(this.address);
    }
    return this.#key;
  }
  get realm(): Realm {
    return this.#gatekeeper.realmOf(this.listener, this.address, this.port);
  }
  /** Whether it is a phone that we know is told by its address only: `familiar`. */
  get tier(): Tier {
    return this.#gatekeeper.isTrusted(this.listener, this.address, this.port)
      ? 'trusted'
      : 'unknown';
  }
  get familiar(): boolean {
    return this.#gatekeeper.isFamiliar(this.key);
  }
  get country(): string | undefined {
    return this.#gatekeeper.countryOf(this.address);
  }
  get local(): boolean {
    return this.#gatekeeper.isLocal(this.address);
  }
  get proven(): boolean {
    return this.transport !== 'udp';
  }
  get certificateNames(): readonly string[] {
    return NO_NAMES;
  }
}
