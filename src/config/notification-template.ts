import { expected, type Understood, understood } from '../policy/written.ts';
import { nearMiss } from './near-miss.ts';

/** What can stand in the subject of a message. */
export const subjectPlaces = [
  'gate',
  'contact',
  'level',
  'count',
  'summary',
  'from',
  'until',
] as const;

/** What can stand in the line of an event. */
export const linePlaces = [
  ...['time', 'level', 'kind', 'count', 'what', 'source', 'country', 'transport', 'extension'],
  ...[
    'number',
    'method',
    'reason',
    'rule',
    'status',
    'trunk',
    'route',
    'userAgent',
    'callId',
    'text',
  ],
] as const;

/** `{source}` stands for where the event came from. */
const place = /\{([^{}]*)\}/g;

/** A text with places to fill, as written; only places that there are. */
export const readTemplate =
  (places: readonly string[]) =>
  (text: string): Understood<string> => {
    const form = `a text of one line, at most 300 characters, with any of ${places.map((one) => `{${one}}`).join(' ')}`;
    if (text.length > 300 || /\p{Cc}/u.test(text)) return expected(form);
    const names = [...text.matchAll(place)].map(([, name = '']) => name);
    const unknown = names.find((name) => !places.includes(name));
    if (unknown !== undefined) {
      const near = nearMiss(unknown, places);
      return expected(form, { meant: near === undefined ? undefined : `{${near}}` });
    }
    return /[{}]/.test(text.replace(place, '')) ? expected(form) : understood(text);
  };

/** The text with its places filled; one pass, so that nothing filled in is a place again. */
export const filled = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replace(place, (_, name: string) => values[name] ?? '');
