import type { Decided } from '../edge/gatekeeper.ts';
import type { Source } from '../policy/facts.ts';
import type { Decision, Shadow } from '../policy/policy.ts';
import type { Reason } from '../policy/reasons.ts';
import { type CountedMethod, countedMethods, type DecisionCount } from './gate-stats.ts';

const methods = new Set<string>(countedMethods);

interface Counted {
  readonly source: Pick<Source, 'realm' | 'tier'>;
}
const strangers = { source: { realm: 'access', tier: 'unknown' } } as const;

/** How often which rule refused what, or would have. Every label is of a closed set, so no stranger can add a series. */
export class DecisionCounts {
  readonly #rows = new Map<string, DecisionCount & { count: number }>();

  /** By the rule that refused packets: counted for each one of a flood. */
  readonly #packets = new Map<string, DecisionCount & { count: number }>();

  get rows(): readonly DecisionCount[] {
    return [...this.#packets.values(), ...this.#rows.values()];
  }

  get packetsRefused(): number {
    let sum = 0;
    for (const { count } of this.#packets.values()) sum += count;
    return sum;
  }

  /** Every packet that is refused before it is read, or would be: of strangers, by whatever way. */
  packetDecided({ verdict, rule, shadows }: Decision): void {
    for (const shadow of shadows) this.#countShadow(shadow, 'none', strangers);
    if (verdict.kind === 'pass' || rule === undefined) return;
    const row = this.#packets.get(rule);
    if (row !== undefined) row.count++;
    else {
      const { reason } = verdict;
      const { realm, tier } = strangers.source;
      const labels = { outcome: 'refused', rule, reason, method: 'none', realm, tier } as const;
      this.#packets.set(rule, { ...labels, count: 1 });
    }
  }

  decided({ stage, facts, decision: { verdict, rule, shadows } }: Decided): void {
    if (stage === 'packet') return; // told of a few, counted all
    const method = methodOf(facts);
    if (verdict.kind !== 'pass' && rule !== undefined)
      this.#count('refused', rule, verdict.reason, method, facts);
    for (const shadow of shadows) this.#countShadow(shadow, method, facts);
  }

  #countShadow(shadow: Shadow, method: DecisionCount['method'], facts: Counted): void {
    const { rule, verdict, exception } = shadow;
    const outcome = exception === undefined ? 'shadow' : 'excepted';
    this.#count(outcome, rule, verdict.reason, method, facts);
  }

  #count(
    outcome: DecisionCount['outcome'],
    rule: string,
    reason: Reason,
    method: DecisionCount['method'],
    { source: { realm, tier } }: Counted,
  ): void {
    const key = `${outcome} ${rule} ${reason} ${method} ${realm} ${tier}`;
    const row = this.#rows.get(key);
    if (row === undefined)
      this.#rows.set(key, { outcome, rule, reason, method, realm, tier, count: 1 });
    else row.count++;
  }
}

/** `none` before a message is read. */
function methodOf(facts: Decided['facts']): DecisionCount['method'] {
  if (!('method' in facts)) return 'none';
  return (methods.has(facts.method) ? facts.method : 'other') as CountedMethod;
}
