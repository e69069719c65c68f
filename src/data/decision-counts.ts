import type { Decided } from '../edge/gatekeeper.ts';
import type { Reason } from '../policy/reasons.ts';
import { type CountedMethod, countedMethods, type DecisionCount } from './messages.ts';

const methods = new Set<string>(countedMethods);

/** How often which rule refused what, or would have. Every label is of a closed set, so no stranger can add a series. */
export class DecisionCounts {
  readonly #rows = new Map<string, DecisionCount & { count: number }>();

  get rows(): readonly DecisionCount[] {
    return [...this.#rows.values()];
  }

  decided({ facts, decision: { verdict, rule, shadows } }: Decided): void {
    const method = methodOf(facts);
    if (verdict.kind !== 'pass' && rule !== undefined)
      this.#count('refused', rule, verdict.reason, method, facts);
    for (const shadow of shadows)
      this.#count(
        shadow.exception === undefined ? 'shadow' : 'excepted',
        shadow.rule,
        shadow.verdict.reason,
        method,
        facts,
      );
  }

  #count(
    outcome: DecisionCount['outcome'],
    rule: string,
    reason: Reason,
    method: DecisionCount['method'],
    { source: { realm, tier } }: Decided['facts'],
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
