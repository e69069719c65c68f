import { about, type Examined, type Finding } from '../doctor/finding.ts';
import type { ExtensionProfile } from '../policy/extension-profile.ts';
import { Extensions } from '../policy/extensions.ts';
import type { PolicySettings } from '../policy/policy-settings.ts';
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
  const { policy } = settings;
  const found = [...rulesThatAreOff(policy), ...classesThatMayBeCalled(policy)];
  const { countries } = settingsOf(policy, allowedCountries);
  const mayCall = ({ international, countries: own }: ExtensionProfile): readonly string[] =>
    international === false ? [] : (own ?? countries);
  const all = callersIn(policy);
  const able = all.filter(({ profile }) => mayCall(profile).length > 0);
  if (able.length === 0) return [...found, abroad.ok('no extension may call abroad')];

  const reached = new Set(able.flatMap(({ profile }) => mayCall(profile)));
  return [
    ...found,
    abroad.ok(
      `${able.length} of ${all.length} may call abroad (${shown(able.map(({ name }) => name))}), ` +
        `to ${reached.size} countries: ${shown([...reached].toSorted())}`,
      'bar the others with international: false; name for each only the countries it calls',
    ),
    whatAThiefHas(policy, able),
  ];
}

const rulesThatAreOff = (policy: PolicySettings): readonly Finding[] =>
  (
    [
      ['no-guests', 'whoever comes may call'],
      ['allowed-countries', 'every country may be called'],
      ['blocked-classes', 'premium, satellite and high-risk numbers may be called'],
      ['concurrent-calls', 'nothing limits how many calls a thief has at once'],
      ['call-frequency', 'nothing limits how fast a thief calls'],
    ] as const
  ).flatMap(([rule, what]) => {
    const { mode, setting } = modeOf(policy, rule);
    return mode === 'on' ? [] : [abroad.bad(`${what}: ${rule} is ${mode}`, `set ${setting} to on`)];
  });

function classesThatMayBeCalled(policy: PolicySettings): readonly Finding[] {
  const { classes, highRisk } = settingsOf(policy, blockedClasses);
  const missing = (['premium', 'satellite', 'international-network'] as const).filter(
    (one) => !classes.includes(one),
  );
  const findings: Finding[] = [];
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
  return findings;
}

interface Caller {
  readonly name: string;
  readonly profile: ExtensionProfile;
}

function callersIn({ extensions: set }: PolicySettings): readonly Caller[] {
  const extensions = new Extensions(set);
  const listed = Object.keys(set.list).map((name) => ({
    name,
    profile: extensions.profileOf(name),
  }));
  return set.unlisted === 'allow'
    ? [...listed, { name: 'whoever is not listed', profile: extensions.profileOf(undefined) }]
    : listed;
}

/** With the extension of whichever of these may have most calls at once. */
function whatAThiefHas(policy: PolicySettings, able: readonly Caller[]): Finding {
  const { extension: standard } = settingsOf(policy, concurrentCalls);
  const worst = able.reduce(
    (most, { profile }) =>
      Math.max(most, profile.concurrentCalls ?? standard ?? Number.POSITIVE_INFINITY),
    0,
  );
  const limited =
    modeOf(policy, 'concurrent-calls').mode === 'on' && worst !== Number.POSITIVE_INFINITY;
  const advice =
    'fewer calls at once for those who call abroad (concurrentCalls), a route of its own with a PIN or times for abroad';
  return limited
    ? abroad[worst > MANY_CALLS ? 'bad' : 'warn'](
        `one stolen extension can have ${worst} calls abroad at once: ${worst * 60} minutes an hour, ${(worst * 1440).toLocaleString('en')} a day`,
        advice,
      )
    : abroad.bad(
        'one stolen extension can call abroad without a limit',
        `${advice}; outbound.concurrent-calls.extension`,
      );
}

const MOST_SHOWN = 10;
const shown = (texts: readonly string[]): string =>
  texts.length > MOST_SHOWN
    ? `${texts.slice(0, MOST_SHOWN).join(', ')} and ${texts.length - MOST_SHOWN} more`
    : texts.join(', ');
