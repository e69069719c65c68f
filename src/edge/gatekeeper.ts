import type { Counters } from '../policy/counters.ts';
import type { Stage, StageFacts, Tier } from '../policy/facts.ts';
import { type Asked, type Decision, Policy } from '../policy/policy.ts';
import type { PolicySettings } from '../policy/policy-settings.ts';
import { AddressSet } from './address-set.ts';
import type { Flow } from './signaling.ts';

/** A decision that somebody may want to know of: a refusal, or what a rule in shadow would have refused. */
export interface Decided<S extends Stage = Stage> {
  readonly stage: S;
  readonly facts: StageFacts[S];
  readonly decision: Decision;
  /** The rules that were asked, and what each saw. Costs something: not for every packet of a flood. */
  trail(): readonly Asked[];
}

export interface GatekeeperOptions {
  readonly counters: Counters & { readonly looking: Counters };
  /** Does a source at this flow hold a live registration, or is it in a call? */
  readonly knows: (flow: Flow) => boolean;
  readonly countryOf: (address: string) => string | undefined;
  readonly decided: (decided: Decided) => void;
}

/** Asks the rules about what comes in, by the snapshot that holds now. */
export class Gatekeeper {
  policy: Policy;
  readonly #options: GatekeeperOptions;
  #local: AddressSet;

  constructor(settings: PolicySettings, options: GatekeeperOptions) {
    this.#options = options;
    this.policy = new Policy(settings);
    this.#local = new AddressSet(settings.site.localNetworks);
  }

  /** From now on by these. What was counted stays. */
  reload(settings: PolicySettings): void {
    this.policy = new Policy(settings);
    this.#local = new AddressSet(settings.site.localNetworks);
  }

  judge<S extends Stage>(stage: S, facts: StageFacts[S]): Decision {
    const { policy } = this;
    const { counters, decided } = this.#options;
    const decision = policy.judge(stage, facts, counters);
    if (decision.verdict.kind !== 'pass' || decision.shadows.length > 0)
      decided({
        stage,
        facts,
        decision,
        trail: () => policy.trail(stage, facts, counters.looking, decision),
      });
    return decision;
  }

  /** The counts as they are, for whoever asks without being counted. */
  get looking(): Counters {
    return this.#options.counters.looking;
  }

  tierOf(flow: Flow): Tier {
    if (flow.realm !== 'access') return 'trusted';
    return this.#options.knows(flow) ? 'known' : 'unknown';
  }

  isLocal(address: string): boolean {
    return this.#local.has(address);
  }

  countryOf(address: string): string | undefined {
    return this.#options.countryOf(address);
  }
}
