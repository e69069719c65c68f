import type { BlockOrder } from '../limits/block-entry.ts';
import type { Source } from '../policy/facts.ts';
import type { Block } from '../policy/verdict.ts';

/**
 * The block that a refusal earns its source; undefined when it earns none (N12). What came over UDP anybody may have
 * sent in its name: that is a short block at most, which phones registered from there do not feel, and none at all
 * for an address that some are registered from.
 */
export function blockOrderFor(
  source: Source,
  { seconds }: Block,
  unprovenSeconds: number,
  rule: string,
  evidence: string,
): BlockOrder | undefined {
  if (source.tier === 'trusted' || source.spared === true) return undefined;
  const udp = source.transport === 'udp';
  if (udp && (source.familiar || source.tier === 'known')) return undefined;
  return {
    network: source.address,
    by: 'rule',
    rule,
    evidence,
    forgeable: udp,
    forMs: (udp ? Math.min(seconds, unprovenSeconds) : seconds) * 1000,
  };
}
