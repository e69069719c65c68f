import { about, type Examined, type Finding } from '../doctor/finding.ts';
import { exceptionsOf } from '../policy/exceptions.ts';

const exceptions = about('exceptions');
const DAY_MS = 86_400_000;
const LONG_DAYS = 30;

/** Is a rule out of force for longer than anybody remembers why? */
export function checkExceptions({ settings }: Examined): readonly Finding[] {
  const { exceptions: set, site } = settings.policy;
  const now = Date.now();
  const all = exceptionsOf(set, site.timeZone);
  const findings = all.flatMap(({ name, rule, endsAt, until, by, why }) => {
    if (endsAt <= now)
      return [
        exceptions.warn(
          `${name} ended at ${until} and still stands in the file`,
          `drawbridge exception remove ${name}`,
        ),
      ];
    const days = Math.ceil((endsAt - now) / DAY_MS);
    if (days > LONG_DAYS)
      return [
        exceptions.warn(
          `${name} takes ${rule} out of force for ${days} days more: ${why}`,
          'an exception so long is a setting: change the rule, or end it sooner',
        ),
      ];
    return by === undefined
      ? [exceptions.warn(`nobody says who allowed ${name} (${rule})`, 'give it a by')]
      : [];
  });
  const inForce = all.filter(({ endsAt }) => endsAt > now).length;
  return findings.length > 0
    ? findings
    : [exceptions.ok(inForce === 0 ? 'there is none' : `${inForce} in force, none stale`)];
}
