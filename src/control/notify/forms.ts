import type { WebhookSettings } from '../../config/settings.ts';
import type { Message, Teller } from './write-message.ts';

const MOST_TEXT = 15_000;
/** Teams takes 28 KB, the others more. */
const MOST_BYTES = 24_000;

/** The body of a webhook. All texts are clean already; here nothing of them becomes markup. */
export function bodyFor(
  form: WebhookSettings['form'],
  message: Message,
  contact: string,
  { gate }: Teller,
): string {
  switch (form) {
    case 'json':
      return JSON.stringify(plain(message, contact, gate));
    case 'slack':
      return fitted(message, slack);
    case 'teams':
      return fitted(message, teams);
  }
}

function plain({ subject, lines, group }: Message, contact: string, gate: string) {
  const { openedAt, lastAt, level, count, tallies, events } = group;
  return {
    ...{ gate, contact, level, count, subject, text: lines.join('\n') },
    from: new Date(openedAt).toISOString(),
    until: new Date(lastAt).toISOString(),
    sorts: tallies,
    events: events.map((event) => ({ ...event, at: new Date(event.at).toISOString() })),
  };
}

/** With as many lines as there is room for. */
function fitted(
  { subject, lines }: Message,
  write: (subject: string, lines: readonly string[]) => unknown,
): string {
  let left = MOST_TEXT;
  let some = lines.filter((line) => {
    left -= line.length;
    return left >= 0;
  });
  for (;;) {
    const body = JSON.stringify(write(subject, some));
    if (Buffer.byteLength(body) <= MOST_BYTES || some.length === 0) return body;
    some = some.slice(0, Math.floor(some.length * 0.8));
  }
}

/** A section holds 3000 characters. */
const SECTION = 2900;

/** `plain_text` has neither markup nor mentions; `text` is what notifications show, and is read as markup. */
const slack = (subject: string, lines: readonly string[]) => ({
  ...{ text: escaped(subject), mrkdwn: false, link_names: false, unfurl_links: false },
  blocks: [
    { type: 'header', text: { type: 'plain_text', text: cut(subject, 149), emoji: false } },
    ...sections(lines).map((text) => ({
      type: 'section',
      text: { type: 'plain_text', text, emoji: false },
    })),
  ],
});

function sections(lines: readonly string[]): readonly string[] {
  const all: string[] = [];
  let text = '';
  for (const line of lines) {
    if (text.length + line.length >= SECTION) {
      all.push(text);
      text = '';
    }
    text += `${line}\n`;
  }
  return [...all, text].filter((one) => one.trim() !== '');
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

/** A `TextRun` has no markup, but functions: `{{DATE(…)}}`. */
const run = (text: string, more: object = {}) => ({
  type: 'RichTextBlock',
  inlines: [{ type: 'TextRun', text: text.replace(/\{(?=\{)/g, '{ '), ...more }],
});

const teams = (subject: string, lines: readonly string[]) => ({
  type: 'message',
  attachments: [
    {
      contentType: 'application/vnd.microsoft.card.adaptive',
      contentUrl: null,
      content: {
        $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
        type: 'AdaptiveCard',
        version: '1.4',
        body: [
          run(subject, { weight: 'Bolder', size: 'Medium' }),
          ...lines.filter((line) => line !== '').map((line) => run(line)),
        ],
      },
    },
  ],
});
