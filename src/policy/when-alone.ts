import type { Explanation, SettingPath } from './rule.ts';
import { refuse } from './verdict.ts';

const SOON_SECONDS = 5;

/** What the others hold is not known, and the operator would rather refuse a call than have one too many. */
export const refusedAlone = refuse(503, 'others-unknown', { retryAfterSeconds: SOON_SECONDS });

export const seesNobody = (setting: SettingPath): Explanation => ({
  saw: 'other nodes cannot be asked how many calls they have',
  setting,
  flip: 'Redis is back, or whenAlone is open',
});
