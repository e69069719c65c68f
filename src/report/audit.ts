import { dayOf } from '../config/day-of.ts';
import type { Settings } from '../config/settings.ts';
import type { EventSums, Sum } from '../control/events/event-sums.ts';
import type { Finding } from '../doctor/finding.ts';
import { describeNumber } from '../numbers/describe-number.ts';
import { exceptionsOf } from '../policy/exceptions.ts';
import { isInShadow, ruleModes } from '../policy/rule-modes.ts';
import { allowedCountries } from '../policy/rules/outbound/allowed-countries.ts';
import { settingsOf } from '../policy/settings-of.ts';
import type { Section } from './security.ts';

const DAY_MS = 86_400_000;
export const periods = { weekly: 7, monthly: 30, quarterly: 91 } as const;
export type Period = keyof typeof periods;

/** One line of a check list, filled in. */
export interface AuditItem {
  readonly what: string;
  /** `look`: somebody should; `by hand`: the gate cannot see it. */
  readonly state: 'done' | 'look' | 'by hand';
  readonly facts: readonly string[];
  readonly todo?: string;
}

export interface Audit {
  readonly period: Period;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Where the record does not reach back so far: where it begins. */
  readonly recordSince?: number;
  readonly items: readonly AuditItem[];
}

export interface Audited {
  readonly settings: Settings;
  readonly sums: EventSums;
  readonly sections: readonly Section[];
  readonly now: number;
}

/** The check list of a period, with what happened in it. */
export function audit(period: Period, audited: Audited): Audit {
  const since = audited.now - periods[period] * DAY_MS;
  const { firstAt } = audited.sums;
  return {
    ...{ period, since, items: items[period](audited, since) },
    ...(firstAt !== undefined && firstAt > since && { recordSince: firstAt }),
  };
}

const items: Readonly<Record<Period, (audited: Audited, since: number) => readonly AuditItem[]>> = {
  weekly,
  monthly,
  quarterly,
};

function weekly({ settings, sums }: Audited, since: number): readonly AuditItem[] {
  const refused = { kinds: ['refused'], since } as const;
  const own = { ...refused, level: 'warn' } as const;
  const failed = { kinds: ['failed'], since } as const;
  const locked = {
    reasons: ['locked-out', 'guessing', 'guessing-many-extensions', 'guessed-by-many'],
    since,
  };
  const alerts = { level: 'alert', since } as const;
  const trouble = {
    kinds: ['pbx', 'cluster', 'overload', 'clock', 'list', 'notification', 'fault'],
    level: 'warn',
    since,
  } as const;
  return [
    item('Attacks: what was refused and who was blocked', 'done', [
      ...total('refused', sums.count(refused), sums.by('reason', refused)),
      ...total(
        'blocked',
        sums.count({ kinds: ['blocked'], since }),
        sums.by('rule', { kinds: ['blocked'], since }),
      ),
      ...listed('from countries', sums.by('country', refused)),
    ]),
    watched(
      'Passwords: who failed to register, and who was locked out',
      [
        ...total('wrong', sums.count(failed), sums.by('extension', failed)),
        ...total('locked out', sums.count(locked), sums.by('extension', locked)),
      ],
      'a phone with an old password, or somebody who guesses: drawbridge events --kind failed --since 7d',
    ),
    watched(
      'Own extensions that were refused something',
      total('refused', sums.count(own), sums.by('extension', own)),
      'a setting that is too narrow, or a stolen extension: drawbridge events --level warn --since 7d',
    ),
    watched(
      'Alerts',
      total('alerts', sums.count(alerts), sums.by('kind', alerts)),
      'drawbridge events --level alert --since 7d',
    ),
    item('Calls abroad: by whom, and whereto', 'done', callsAbroad(settings, sums, since)),
    watched(
      'What failed',
      total('failures', sums.count(trouble), sums.by('kind', trouble)),
      'drawbridge doctor, and the log',
    ),
  ];
}

function monthly({ settings, sums, sections }: Audited, since: number): readonly AuditItem[] {
  const { policy } = settings;
  const reloads = { kinds: ['reload'], since } as const;
  const used = { kinds: ['excepted'], since } as const;
  const seen = new Set(
    sums.by('extension', { kinds: ['registered', 'call'], since }, 100_000).map(({ key }) => key),
  );
  const unused = Object.keys(policy.extensions.list).filter((name) => !seen.has(name));
  const roaming = sums.several('extension', 'country', { kinds: ['registered'], since });
  const exceptions = exceptionsOf(policy.exceptions, policy.site.timeZone);
  const shadows = ruleModes(policy).filter((rule) => rule.mode === 'off' || isInShadow(rule));
  return [
    watched(
      'Changes of settings: does somebody remember each of them?',
      [
        ...total('reloads', sums.count(reloads), []),
        ...sums.last(reloads, 10).map(({ at, text = '' }) => `${dayOf(at)}: ${text.slice(0, 160)}`),
      ],
      'drawbridge events --kind reload --since 30d',
    ),
    watched(
      'Exceptions: is each still needed?',
      [
        ...exceptions.map(
          ({ name, rule, until, why }) => `${name}: ${rule} until ${until}, ${why}`,
        ),
        ...listed('used', sums.by('exception', used)),
      ],
      'drawbridge exception end NAME, or remove',
    ),
    watched(
      'Extensions that registered from several countries',
      roaming.map(({ key, keys }) => `${key}: ${keys.replaceAll(',', ', ')}`),
      'ask whose they are, and give them permittedIps',
    ),
    settings.events.admitted
      ? watched(
          'Extensions in the list that were not used',
          unused.length === 0
            ? []
            : [
                `${unused.length}: ${unused.slice(0, 20).join(', ')}${unused.length > 20 ? ', …' : ''}`,
              ],
          'take out those that nobody has any more: an unused password is a stolen one that nobody misses',
        )
      : item('Extensions in the list that were not used', 'by hand', [
          'not recorded: events.admitted is false',
        ]),
    watched(
      'Rules that do not act',
      shadows.map(({ name, mode }) => `${name}: ${mode === 'on' ? 'in shadow for some' : mode}`),
      'drawbridge status says what those in shadow would have refused',
    ),
    ofSection('Certificates', sections),
  ];
}

function quarterly({ settings, sums, sections }: Audited, since: number): readonly AuditItem[] {
  const { policy, trunks } = settings;
  const calls = { kinds: ['call', 'call-ended'], since } as const;
  const idle = (names: readonly string[], what: 'route' | 'trunk' | 'pin'): readonly string[] => {
    const used = new Set(sums.by(what, calls, 10_000).map(({ key }) => key));
    return names.filter((name) => !used.has(name));
  };
  const { countries } = settingsOf(policy, allowedCountries);
  const called = new Set(countriesCalled(settings, sums, since).map(({ key }) => key));
  const needless = countries.filter((country) => !called.has(country));
  const lines = (what: string, names: readonly string[]): readonly string[] =>
    names.length === 0 ? [] : [`${what}: ${names.join(', ')}`];
  const worst = sections.filter(({ grade }) => grade !== 'A');
  return [
    watched(
      'Countries that may be called, and were not',
      lines('not called', needless),
      'take them out of outbound.allowed-countries.countries',
    ),
    watched(
      'Routes, trunks and PINs that nobody used',
      [
        ...lines(
          'routes',
          idle(
            policy.outboundRoutes.map(({ name }) => name),
            'route',
          ),
        ),
        ...lines(
          'trunks',
          idle(
            trunks.map(({ name }) => name),
            'trunk',
          ),
        ),
        ...lines('PINs', idle(Object.keys(policy.pins), 'pin')),
      ],
      'take them out: each is a way in',
    ),
    watched(
      'What this report finds wanting',
      worst.map(
        ({ title, grade, findings }) =>
          `${title}: ${grade}, ${findings.filter(({ level }) => level !== 'ok').length} findings`,
      ),
      'see above',
    ),
    item('New passwords for extensions, trunks and the PBX, and new PINs', 'by hand', []),
    item('Updates of the gate, the PBX, the phones and this machine', 'by hand', []),
    item('A backup that was restored somewhere, to try it', 'by hand', []),
    item('Who has access: to this machine, the PBX, the mail of alerts', 'by hand', [
      `told of events: ${settings.notifications.contacts.map(({ name }) => name).join(', ') || 'nobody'}`,
      `operators: ${policy.site.operators.join(', ') || 'none named in site.operators'}`,
    ]),
  ];
}

const item = (what: string, state: AuditItem['state'], facts: readonly string[]): AuditItem => ({
  ...{ what, state, facts },
});

/** Where there is something, somebody should look. */
const watched = (what: string, facts: readonly string[], todo: string): AuditItem =>
  facts.length === 0 ? item(what, 'done', ['none']) : { ...item(what, 'look', facts), todo };

/** What the report says of the same. */
function ofSection(what: string, sections: readonly Section[]): AuditItem {
  const findings = sections.find(({ title }) => title === what)?.findings ?? [];
  const show = ({ saw }: Finding): string => saw;
  const wanting = findings.filter(({ level }) => level !== 'ok');
  return wanting.length === 0
    ? item(what, 'done', findings.map(show))
    : { ...item(what, 'look', wanting.map(show)), todo: wanting[0]?.todo ?? '' };
}

/** `3,141 refused: scanners 3,000, stealth 141`; nothing where there is none. */
function total(what: string, count: number, sums: readonly Sum[]): readonly string[] {
  if (count === 0) return [];
  const parts = sums.map((one) => `${one.key} ${one.count.toLocaleString('en')}`);
  return [
    `${count.toLocaleString('en')} ${what}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`,
  ];
}

const listed = (what: string, sums: readonly Sum[]): readonly string[] =>
  sums.length === 0
    ? []
    : [
        `${what}: ${sums.map(({ key, count }) => `${key} ${count.toLocaleString('en')}`).join(', ')}`,
      ];

function callsAbroad(settings: Settings, sums: EventSums, since: number): readonly string[] {
  const countries = countriesCalled(settings, sums, since);
  if (!settings.events.admitted) return ['not recorded: events.admitted is false'];
  return countries.length === 0 ? ['none'] : listed('to', countries.slice(0, 10));
}

/** By the numbers that calls went to. */
function countriesCalled(settings: Settings, sums: EventSums, since: number): readonly Sum[] {
  const { homeCountry } = settings.policy.site;
  const counts = new Map<string, number>();
  for (const { key, count } of sums.by('number', { kinds: ['call'], since }, 100_000)) {
    const country = key.startsWith('+')
      ? describeNumber(key.slice(1), homeCountry).country
      : undefined;
    if (country === undefined || country === homeCountry) continue;
    counts.set(country, (counts.get(country) ?? 0) + count);
  }
  return [...counts]
    .map(([key, count]) => ({ key, count }))
    .toSorted((one, other) => other.count - one.count);
}
