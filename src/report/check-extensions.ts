import { about, type Examined, type Finding } from '../doctor/finding.ts';
import type { ExtensionProfile } from '../policy/extension-profile.ts';
import { Extensions } from '../policy/extensions.ts';

const extensions = about('extensions');

/** What a stolen password alone does not have. */
const restrictions = {
  permittedIps: 'an address it must come from',
  userAgents: 'a phone it must be',
  registerName: 'a user name of its own',
} as const satisfies Partial<Record<keyof ExtensionProfile, string>>;
type Restriction = keyof typeof restrictions;

/** What does a thief of a password need besides it? */
export function checkExtensions({ settings }: Examined): readonly Finding[] {
  const { extensions: set } = settings.policy;
  const all = new Extensions(set);
  const names = Object.keys(set.list);
  const findings: Finding[] = [];
  if (set.unlisted === 'allow') {
    const free = missing(all.profileOf(undefined));
    findings.push(
      names.length > 0
        ? extensions.warn(
            'extensions that are not listed may register',
            'list all of them, and set extensions.unlisted to refuse',
          )
        : free.length === 3
          ? extensions.bad(
              'no extension is listed, and the defaults restrict nothing: a password is all a thief needs',
              'list them in policies/extensions.yaml, or give extensions.defaults permittedIps or userAgents',
            )
          : extensions.ok('none is listed, and the defaults restrict all of them'),
    );
  }
  const open = names.map((name) => ({ name, free: missing(all.profileOf(name)) }));
  const bare = open.filter(({ free }) => free.length === 3);
  if (bare.length > 0)
    findings.push(
      extensions.bad(
        `${some(
          bare.map(({ name }) => name),
          names.length,
        )} need nothing but a password`,
        'give each one or more of permittedIps, userAgents and registerName',
      ),
    );
  for (const [key, what] of Object.entries(restrictions)) {
    const lack = open.filter(({ free }) => free.length < 3 && free.includes(key as Restriction));
    if (lack.length > 0)
      findings.push(
        extensions.warn(
          `${some(
            lack.map(({ name }) => name),
            names.length,
          )} have no ${key}, ${what}`,
          `set ${key} where it is known`,
        ),
      );
  }
  return findings.length > 0
    ? findings
    : [extensions.ok(`all ${names.length} have addresses, phones and names of their own`)];
}

const missing = (profile: ExtensionProfile): readonly Restriction[] =>
  (Object.keys(restrictions) as Restriction[]).filter((key) => profile[key] === undefined);

const MOST_SHOWN = 10;

/** `2 of 5 extensions (1001, 1002)`. */
function some(names: readonly string[], all: number): string {
  const shown = names.slice(0, MOST_SHOWN).join(', ');
  return `${names.length} of ${all} extensions (${shown}${names.length > MOST_SHOWN ? ', …' : ''})`;
}
