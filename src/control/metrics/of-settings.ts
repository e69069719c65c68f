import { createHash } from 'node:crypto';
import type { PolicySettings } from '../../policy/policy-settings.ts';
import { concurrentCalls } from '../../policy/rules/outbound/concurrent-calls.ts';
import { settingsOf } from '../../policy/settings-of.ts';

interface CallLimits {
  readonly routes: Readonly<Record<string, number>>;
  readonly trunks: Readonly<Record<string, number>>;
  /** Of all calls together. */
  readonly all: number | null;
}

const none: CallLimits = { routes: {}, trunks: {}, all: null };

/** The limits on live calls that refuse; of a rule in shadow there are none. */
export function callLimitsIn(policy: PolicySettings): CallLimits {
  const limits = settingsOf(policy, concurrentCalls);
  return policy.site.rules === 'on' && limits.mode === 'on' ? limits : none;
}

const known = new WeakMap<PolicySettings, string>();

/** The same for the same rules on every node; worked out once for each reload. */
export function digestOf(policy: PolicySettings): string {
  const digest =
    known.get(policy) ??
    createHash('sha256').update(JSON.stringify(policy)).digest('hex').slice(0, 12);
  known.set(policy, digest);
  return digest;
}
