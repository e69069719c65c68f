import { parseNetwork } from '../limits/address-key.ts';
import { rulesOf, stages } from '../policy/registry.ts';
import { ruleModes } from '../policy/rule-modes.ts';
import { allowedCountries } from '../policy/rules/outbound/allowed-countries.ts';
import { noGuests } from '../policy/rules/outbound/no-guests.ts';
import { settingsOf } from '../policy/settings-of.ts';
import { about, type Examined, type Finding } from './finding.ts';

const policy = about('policy');

/** Narrower, and somebody has a reason. */
const WIDE: Readonly<Record<4 | 6, number>> = { 4: 16, 6: 32 };
const EVERYBODY = 4;

/** Rules that are on unless somebody says otherwise. */
const standard: ReadonlySet<string> = new Set(
  stages.flatMap((stage) =>
    rulesOf[stage].flatMap(({ name, mode }) => (mode === 'on' ? name : [])),
  ),
);

/** What the rules leave open. */
export function checkPolicy({ settings }: Examined): readonly Finding[] {
  const { site, network, extensions } = settings.policy;
  const findings: Finding[] = [];
  if (site.rules !== 'on')
    findings.push(
      policy.bad(
        `site.rules is ${site.rules}: everything gets through`,
        'set it to on when you have seen enough',
      ),
    );
  for (const text of network.allowed) {
    const parsed = parseNetwork(text);
    if (parsed === undefined || parsed.bits >= WIDE[parsed.family]) continue;
    findings.push(
      policy[parsed.bits <= EVERYBODY ? 'bad' : 'warn'](
        `network.allowed has ${text}: whoever is in it is never blocked or limited`,
        'allow single addresses, or small networks',
      ),
    );
  }
  const { guests } = settingsOf(settings.policy, noGuests);
  if (guests.length > 0)
    findings.push(
      policy.warn(
        `${guests.join(', ')} may call without a registration (outbound.no-guests.guests)`,
        'let them register, where they can',
      ),
    );
  const { countries } = settingsOf(settings.policy, allowedCountries);
  if (site.homeCountry === null)
    findings.push(
      policy.warn(
        'site.homeCountry is not set: numbers of your own country with its code count as abroad',
        'set it in policies/site.yaml',
      ),
    );
  if (countries.length === 0)
    findings.push(
      policy.ok(
        'no country is permitted: nobody calls abroad',
        'name those you call in outbound.allowed-countries.countries',
      ),
    );
  if (extensions.unlisted === 'allow' && Object.keys(extensions.list).length > 0)
    findings.push(
      policy.warn(
        'extensions that are not listed may register (extensions.unlisted)',
        'list all of them, and set it to refuse',
      ),
    );
  for (const { name, mode, setting } of ruleModes(settings.policy))
    if (mode !== 'on' && standard.has(name) && site.rules === 'on')
      findings.push(
        policy.warn(`the rule ${name} is ${mode}, and ships on`, `set ${setting.join('.')} to on`),
      );
  return findings.length === 0 ? [policy.ok('nothing stands open that should not')] : findings;
}
