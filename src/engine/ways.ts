import { isIP } from 'node:net';
import type { Realm, Target } from '../edge/signaling.ts';
import { detached } from '../sip/message/detached.ts';
import { NextHops } from './next-hops.ts';
import type { Candidate, Resolver } from './resolve/resolver.ts';
import { StreamRefusals } from './stream-refusals.ts';
import type { Channel, Transports } from './transport/transports.ts';

const MOST_FIXED = 1024;

/** By which channels a target is reached: looked up where it must be, and the likeliest first. */
export class Ways {
  readonly #transports: Transports;
  readonly #resolver: Resolver;
  readonly #fault: (problem: unknown) => void;
  readonly #nextHops = new NextHops();
  readonly #refusals = new StreamRefusals();
  /** Those to addresses over UDP never change, so they are worked out once. */
  readonly #fixed: Readonly<Record<Realm, Map<string, readonly Channel[]>>> = {
    access: new Map(),
    core: new Map(),
    trunk: new Map(),
  };

  constructor(transports: Transports, resolver: Resolver, fault: (problem: unknown) => void) {
    this.#transports = transports;
    this.#resolver = resolver;
    this.#fault = fault;
  }

  /** `found` is called at once unless a name has to be asked for. */
  to({ nextHop, realm = 'core' }: Target, found: (ways: readonly Channel[]) => void): void {
    if (typeof nextHop !== 'string') {
      const channel = nextHop as Channel; // every flow the engine hands out is one of its channels
      found(channel.open ? [channel] : []);
      return;
    }
    const fixed = this.#fixed[realm].get(nextHop);
    if (fixed !== undefined) {
      found(fixed);
      return;
    }
    const asked = this.#nextHops.read(nextHop);
    if (asked === undefined) {
      found([]);
      return;
    }
    const known = this.#resolver.resolveNow(asked);
    if (known !== undefined) {
      const ways = this.#channelsTo(known, realm);
      if (isIP(asked.host) !== 0 && ways.every(({ reliable }) => !reliable))
        this.#remember(nextHop, realm, ways);
      found(ways);
    } else
      this.#resolver.resolve(asked).then(
        (candidates) => this.#guarded(() => found(this.#channelsTo(candidates, realm))),
        (problem: unknown) => {
          this.#fault(problem);
          this.#guarded(() => found([]));
        },
      );
  }

  /** The stream to a peer that is spoken to over UDP; none where it refused one of late. */
  streamInstead(channel: Channel, withinMs: number): Channel | undefined {
    if (channel.realm === 'access' || this.#refusals.has(channel)) return undefined;
    const { address, port, realm } = channel;
    return this.#transports.channelTo({ transport: 'tcp', address, port, realm, withinMs });
  }

  refusedStream(channel: Channel): void {
    this.#refusals.add(channel);
  }

  #remember(nextHop: string, realm: Realm, ways: readonly Channel[]): void {
    const fixed = this.#fixed[realm];
    if (fixed.size >= MOST_FIXED) fixed.clear();
    fixed.set(detached(nextHop), ways);
  }

  #channelsTo(candidates: readonly Candidate[], realm: Realm): readonly Channel[] {
    const channels: Channel[] = [];
    for (const { transport, address, port, serverName } of candidates) {
      const channel = this.#transports.channelTo({
        transport,
        address,
        port,
        realm,
        ...(serverName !== undefined && { serverName }),
      });
      if (channel !== undefined) channels.push(channel);
    }
    return channels;
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (problem) {
      this.#fault(problem);
    }
  }
}
