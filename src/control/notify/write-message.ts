import { filled } from '../../config/notification-template.ts';
import type { ContactSettings } from '../../config/settings.ts';
import type { GateEvent } from '../../data/event.ts';
import { cleanText } from './clean-text.ts';
import type { Group, Tally } from './group.ts';

/** What is sent, in words; every text in it is clean. */
export interface Message {
  readonly subject: string;
  readonly lines: readonly string[];
  readonly group: Group;
}

/** Who tells it, and by which clock. */
export interface Teller {
  readonly gate: string;
  readonly timeZone: string;
}

/** A group of events in a contact's words. */
export function writeMessage(
  group: Group,
  { name, template }: Pick<ContactSettings, 'name' | 'template'>,
  { gate, timeZone }: Teller,
): Message {
  const time = clockOf(timeZone);
  const { count, events, tallies } = group;
  const from = time(group.openedAt);
  const until = time(group.lastAt);
  const subject = filled(template.subject, {
    ...{ gate, contact: name, level: group.level, count: shown(count), from, until },
    summary: summaryOf(group),
  });
  const alone = count === 1;
  const told = events.reduce((sum, one) => sum + one.count, 0);
  const lines = [
    ...(alone
      ? []
      : [`${shown(count)} events, ${from} to ${until} (${timeZone}):`, '', ...sorts(group), '']),
    ...(alone || told >= count ? [] : ['The first of them:', '']),
    ...events.map((event) => lineOf(event, template.line, time)),
    ...(told < count ? ['', 'drawbridge events shows what else happened.'] : []),
    ...(tallies.length > 0 ? ['', `Drawbridge on ${gate}`] : []),
  ];
  return { subject: cut(subject, 200), lines: lines.map((line) => cut(line, 1000)), group };
}

const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most)}…` : text;

const shown = (count: number): string => count.toLocaleString('en');

function clockOf(timeZone: string): (at: number) => string {
  // of all languages this one writes 2026-12-24 18:00:00
  const format = new Intl.DateTimeFormat('sv-SE', {
    ...{ timeZone, dateStyle: 'short', timeStyle: 'medium' },
  });
  return (at) => format.format(at);
}

/** `9,900 × blocked by scanners`, the most first. */
function sorts({ tallies, count }: Group): readonly string[] {
  const other = count - tallies.reduce((sum, one) => sum + one.count, 0);
  return [
    ...tallies
      .toSorted((one, another) => another.count - one.count)
      .map((one) => `  ${shown(one.count).padStart(9)} × ${sortOf(one)}`),
    ...(other > 0 ? [`  ${shown(other).padStart(9)} × something else`] : []),
  ];
}

const sortOf = ({ kind, rule, reason }: Tally): string =>
  cleanText(
    [kind, rule && `by ${rule}`, reason && reason !== rule && `(${reason})`]
      .filter(Boolean)
      .join(' '),
  );

/** In a subject there is room for one thing. */
function summaryOf({ count, tallies, events }: Group): string {
  const [first] = events;
  if (count === 1 && first !== undefined) return whatOf(first);
  const byKind = Map.groupBy(tallies, ({ kind }) => kind);
  return [...byKind]
    .map(([kind, some]) => ({ kind, count: some.reduce((sum, one) => sum + one.count, 0) }))
    .toSorted((one, another) => another.count - one.count)
    .slice(0, 4)
    .map((one) => `${shown(one.count)} ${one.kind}`)
    .join(', ');
}

function lineOf(event: GateEvent, template: string, time: (at: number) => string): string {
  const { level, kind, count, source, country, transport, extension, number, method } = event;
  const { reason, rule, status, trunk, route, userAgent, callId, text } = event;
  const values = {
    ...{ level, kind, source, country, transport, extension, number, method, reason, rule },
    ...{ trunk, route, userAgent, callId, text },
    ...{ time: time(event.at), count: shown(count), what: whatOf(event) },
    status: status === undefined ? '' : String(status),
  };
  return filled(
    template,
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, cleanText(value ?? '')])),
  );
}

/** An event in a few words. */
function whatOf(event: GateEvent): string {
  const { kind, method, extension, number, source, country, reason, rule, exception, text } = event;
  const by = rule === undefined ? '' : `by ${rule}`;
  const parts = [
    event.count > 1 ? `${shown(event.count)} × ${kind}` : kind,
    method,
    extension,
    number && `→ ${number}`,
    source && `from ${source}${country === undefined ? '' : ` (${country})`}`,
    reason === undefined || reason === rule ? by : `${reason} ${by}`,
    exception && `excepted by ${exception}`,
    text && `- ${text}`,
  ];
  return cleanText(parts.filter(Boolean).join(' ').trim());
}
