import { about, type Examined, type Finding } from '../doctor/finding.ts';
import type { ExtensionProfile } from '../policy/extension-profile.ts';
import { Extensions } from '../policy/extensions.ts';
import { allowedCountries } from '../policy/rules/outbound/allowed-countries.ts';
import { blockedClasses } from '../policy/rules/outbound/blocked-classes.ts';
import { concurrentCalls } from '../policy/rules/outbound/concurrent-calls.ts';
import { settingsOf } from '../policy/settings-of.ts';
import { modeOf } from './mode-of.ts';

const abroad = about('calls abroad');

/** What can one stolen extension do in an hour? */
const MANY_CALLS = 5;

/** Who may call where, and how much of it. */
export function checkAbroad({ settings }: Examined): readonly Finding[] {
  const { extensions: set } = settings.policy;
  const findings: Finding[] = [];
  for (const [rule, what] of [
    ['no-guests', 'whoever comes may call'],
    ['allowed-countries', 'every country may be called'],
    ['blocked-classes', 'premium, satellite and high-risk numbers may be called'],
    ['concurrent-calls', 'nothing limits how many calls a thief has at once'],
    ['call-frequency', 'nothing limits how fast a thief calls'],
  ] as const) {
    const { mode, setting } = modeOf(settings.policy, rule);
    if (mode !== 'on')
      findings.push(abroad.bad(`${what}: ${rule} is ${mode}`, `set ${setting} to on`));
  }
  const { countries } = settingsOf(settings.policy, allowedCountries);
  const { classes, highRisk } = settingsOf(settings.policy, blockedClasses);
  const missing = (['premium', 'satellite', 'international-network'] as const).filter(
    (one) => !classes.includes(one),
  );
  if (missing.length > 0)
    findings.push(
      abroad.warn(
        `numbers of these classes may be called: ${missing.join(', ')}`,
        'add them to outbound.blocked-classes.classes',
      ),
    );
  if (!highRisk)
    findings.push(
      abroad.bad(
        'ranges known for fraud may be called',
        'set outbound.blocked-classes.highRisk to true, and name what you need in exceptRanges',
      ),
    );

  const all = new Extensions(set);
  const names = Object.keys(set.list);
  const profiles = [
    ...names.map((name) => ({ name, profile: all.profileOf(name) })),
    ...(set.unlisted === 'allow'
      ? [{ name: 'whoever is not listed', profile: all.profileOf(undefined) }]
      : []),
  ];
  const mayCall = ({ international, countries: own }: ExtensionProfile): readonly string[] =>
    international === false ? [] : (own ?? countries);
  const able = profiles.filter(({ profile }) => mayCall(profile).length > 0);
  if (able.length === 0) return [...findings, abroad.ok('no extension may call abroad')];

  const reached = new Set(able.flatMap(({ profile }) => mayCall(profile)));
  findings.push(
    abroad.ok(
      `${able.length} of ${profiles.length} may call abroad (${shown(able.map(({ name }) => name))}), ` +
        `to ${reached.size} countries: ${shown([...reached].toSorted())}`,
      'bar the others with international: false; name for each only the countries it calls',
    ),
  );
  const { extension: standard } = settingsOf(settings.policy, concurrentCalls);
  const worst = able.reduce(
    (most, { profile }) =>
      Math.max(most, profile.concurrentCalls ?? standard ?? Number.POSITIVE_INFINITY),
    0,
  );
  const limited =
    modeOf(settings.policy, 'concurrent-calls').mode === 'on' && worst !== Number.POSITIVE_INFINITY;
  const advice =
    'fewer calls at once for those who call abroad (concurrentCalls), a route of its own with a PIN or times for abroad';
  if (!limited)
    findings.push(
      abroad.bad(
        'one stolen extension can call abroad without a limit',
        `${advice}; outbound.concurrent-calls.extension`,
      ),
    );
  else
    findings.push(
      abroad[worst > MANY_CALLS ? 'bad' : 'warn'](
        `one stolen extension can have ${worst} calls abroad at once: ${worst * 60} minutes an hour, ${(worst * 1440).toLocaleString('en')} a day`,
        advice,
      ),
    );
  return findings;
}

const MOST_SHOWN = 10;
const shown = (texts: readonly string[]): string =>
  texts.length > MOST_SHOWN
    ? `${texts.slice(0, MOST_SHOWN).join(', ')} and ${texts.length - MOST_SHOWN} more`
    : texts.join(', ');
