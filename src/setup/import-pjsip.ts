import { readSource } from '../policy/forms.ts';
import { type AsteriskSection, readAsteriskConfig } from './asterisk-config.ts';
import { eachOnce, type FoundExtension, type Imported, settingsProblems } from './imported.ts';
import { several } from './several.ts';

/** All that is looked at. Passwords stand under others. */
const keys = [
  ...['type', 'auth', 'aors', 'callerid', 'permit', 'deny', 'acl'],
  ...['username', 'max_contacts', 'contact'],
];

/** The phones of an Asterisk: endpoints with an `auth` of their own and an `aor` that takes registrations. */
export function importPjsip(file: string): Imported {
  const config = readAsteriskConfig(file, keys);
  const named = (type: string): ReadonlyMap<string, AsteriskSection> =>
    new Map(
      config.sections
        .filter((section) => section.value('type')?.toLowerCase() === type)
        .map((section) => [section.name, section]),
    );
  const auths = named('auth');
  const aors = named('aor');
  const notes = [...config.passedOver];
  const found: FoundExtension[] = [];
  for (const endpoint of named('endpoint').values()) {
    const { name, where } = endpoint;
    const auth = several(endpoint.value('auth') ?? '');
    if (auth.length === 0) {
      notes.push(`${where}: ${name} has no auth, as carriers have none: left out`);
      continue;
    }
    for (const one of several(endpoint.value('aors') ?? '')) {
      const aor = aors.get(one);
      const unreached = aor === undefined ? `there is no aor ${one}` : whyNoPhone(aor);
      if (aor === undefined || unreached !== undefined)
        notes.push(`${where}: ${name} is left out: ${unreached}`);
      else found.push(phoneOf(endpoint, aor, usernameOf(auth, auths), notes));
    }
  }
  const wizards = [...named('wizard').values()];
  for (const { name, where } of wizards)
    notes.push(`${where}: ${name} is a wizard, which is not read`);
  const { extensions, problems } = eachOnce(found);
  return {
    extensions,
    problems: [...config.problems, ...problems, ...found.flatMap((one) => settingsProblems(one))],
    notes,
    complete: wizards.length + config.passedOver.length === 0,
  };
}

function whyNoPhone(aor: AsteriskSection): string | undefined {
  if (aor.values('contact').length > 0)
    return `its aor ${aor.name} has a contact that never changes`;
  // Asterisk's own default is 0, which takes no registration
  return Number(aor.value('max_contacts') ?? 0) > 0
    ? undefined
    : `its aor ${aor.name} takes no registration (max_contacts)`;
}

/** One of several would do for Asterisk, and the gate knows only one. */
function usernameOf(
  [only, ...others]: readonly string[],
  auths: ReadonlyMap<string, AsteriskSection>,
): string | undefined {
  if (only === undefined || others.length > 0) return undefined;
  return auths.get(only)?.value('username') || undefined;
}

function phoneOf(
  endpoint: AsteriskSection,
  aor: AsteriskSection,
  username: string | undefined,
  notes: string[],
): FoundExtension {
  const most = Number(aor.value('max_contacts'));
  const permittedIps = permitted(endpoint, notes);
  return {
    extension: aor.name,
    where: endpoint.where,
    owner: /^\s*"?([^"<]*?)"?\s*(?:<|$)/.exec(endpoint.value('callerid') ?? '')?.[1] || undefined,
    settings: {
      ...(username !== undefined && { registerName: username }),
      ...(permittedIps !== undefined && { permittedIps: [...permittedIps] }),
      // no more than the gate lets an extension have
      ...(most > 1 && { devices: Math.min(most, 100) }),
    },
  };
}

const everything = ['0.0.0.0/0', '::/0'];

/** What is permitted where everything is denied first; anything else of Asterisk's is no list of addresses. */
function permitted(endpoint: AsteriskSection, notes: string[]): readonly string[] | undefined {
  const { name, where } = endpoint;
  const sourcesOf = (key: string) =>
    endpoint
      .values(key)
      .flatMap((text) => several(text))
      .map(readSource);
  const permits = sourcesOf('permit');
  const denies = sourcesOf('deny');
  if (endpoint.values('acl').length > 0)
    notes.push(`${where}: ${name} has an acl, whose addresses are not taken over`);
  if (permits.length + denies.length === 0) return undefined;
  const understood = permits.flatMap((one) => (one.ok ? [one.value] : []));
  const onlyThese =
    denies.length > 0 && denies.every((one) => one.ok && everything.includes(one.value));
  if (onlyThese && permits.length > 0 && understood.length === permits.length) return understood;
  notes.push(
    `${where}: permit and deny of ${name} are not taken over: that takes deny=0.0.0.0/0 and some permit`,
  );
  return undefined;
}
