import type { Blocked, Source, Tier } from '../policy/facts.ts';
import type { Edge } from './edge.ts';
import { sourceOf } from './packed-address.ts';
import type { Flow, Realm, Transport } from './signaling.ts';

/** The facts of a flow, each worked out when a rule asks for it. */
export class SourceFacts implements Source {
  readonly #edge: Edge;
  readonly #flow: Flow;
  #tier: Tier | undefined;
  #key: string | undefined;

  constructor(edge: Edge, flow: Flow) {
    this.#edge = edge;
    this.#flow = flow;
  }

  get address(): string {
    return this.#flow.address;
  }
  get port(): number {
    return this.#flow.port;
  }
  get transport(): Transport {
    return this.#flow.transport;
  }
  get realm(): Realm {
    return this.#flow.realm;
  }
  get toPort(): number {
    return this.#flow.listener.port;
  }
  get certificateNames(): readonly string[] {
    return this.#flow.certificateNames;
  }
  get key(): string {
    this.#key ??= sourceOf(this.#flow.address);
    return this.#key;
  }
  get tier(): Tier {
    this.#tier ??= this.certified ? this.#edge.gatekeeper.tierOf(this.#flow) : 'unknown';
    return this.#tier;
  }
  /** Whoever comes from a trunk's address must have its certificate as well, when one is set (I1). */
  get certified(): boolean {
    if (this.realm !== 'trunk') return true;
    const wanted = this.#edge.neighbours.trunkAt(this.address)?.certificateName?.toLowerCase();
    return (
      wanted === undefined || this.certificateNames.some((name) => name.toLowerCase() === wanted)
    );
  }
  get spared(): boolean {
    return this.#edge.gatekeeper.isSpared(this.#flow.address);
  }
  get country(): string | undefined {
    return this.#edge.gatekeeper.countryOf(this.#flow.address);
  }
  get local(): boolean {
    return this.#edge.gatekeeper.isLocal(this.#flow.address);
  }
  get familiar(): boolean {
    return this.#edge.gatekeeper.isFamiliar(this.key);
  }
  get blocked(): Blocked | undefined {
    return this.#edge.gatekeeper.blockOf(this.address, this.key);
  }
  get proven(): boolean {
    return this.transport !== 'udp' || this.tier !== 'unknown';
  }
}
