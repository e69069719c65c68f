import { about, type Examined, type Finding } from '../doctor/finding.ts';
import { lockout } from '../policy/rules/registration/lockout.ts';
import { settingsOf } from '../policy/settings-of.ts';
import { modeOf } from './mode-of.ts';

const lockouts = about('lockouts');

/** More tries than this are more than a person needs. */
const MOST_FAILURES = 20;
const LEAST_SECONDS = 600;

/** How often may somebody guess? */
export function checkLockouts({ settings }: Examined): readonly Finding[] {
  const { policy } = settings;
  const findings: Finding[] = [];
  for (const [rule, what, level] of [
    ['lockout', 'passwords can be guessed without an end', 'bad'],
    ['spread-guessing', 'one source can guess at many extensions', 'bad'],
    ['distributed-guessing', 'many sources can guess at one extension', 'warn'],
    ['route-pin', 'PINs can be guessed without an end', 'bad'],
  ] as const) {
    const { mode, setting } = modeOf(policy, rule);
    if (mode !== 'on')
      findings.push(
        lockouts[level](
          `${what}: ${rule} is ${mode}`,
          mode === 'shadow'
            ? `look what it would have refused (drawbridge status), and set ${setting} to on`
            : `set ${setting} to on`,
        ),
      );
  }
  const { failures, sourceFailures, seconds, blockSeconds } = settingsOf(policy, lockout);
  for (const [key, value] of Object.entries({ failures, sourceFailures }))
    if (value > MOST_FAILURES)
      findings.push(
        lockouts.warn(
          `registration.lockout.${key} is ${value}: so many tries in ${seconds} s`,
          'ten are enough for a person',
        ),
      );
  if (seconds < LEAST_SECONDS)
    findings.push(
      lockouts.warn(
        `registration.lockout.seconds is ${seconds}: whoever waits so long may try again`,
        'half an hour keeps a guesser at a few hundred tries a day',
      ),
    );
  if (blockSeconds === 0)
    findings.push(
      lockouts.warn(
        'a source that fails at many extensions is not blocked',
        'set registration.lockout.blockSeconds to 1800',
      ),
    );
  return findings.some(({ level }) => level === 'bad')
    ? findings
    : [lockouts.ok(`${failures} failures within ${seconds} s lock somebody out`), ...findings];
}
