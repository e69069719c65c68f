import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aWebhook, type Webhook } from '../../../test/support/a-webhook.ts';
import { usualTemplate } from '../../config/notification-settings.ts';
import { bodyFor } from './forms.ts';
import { withEvent } from './group.ts';
import { sendWebhook } from './send-webhook.ts';
import { writeMessage } from './write-message.ts';

const TOKEN = 'T000/B000/secret-of-the-test';
const { signal } = new AbortController();
const teller = { gate: 'gate-1', timeZone: 'UTC' };
let server: Webhook;

beforeEach(async () => {
  server = await aWebhook();
});
afterEach(() => server[Symbol.asyncDispose]());

describe('a webhook', () => {
  test('gets the token in its URL, or as a bearer of it', async () => {
    const [form, token] = ['json', TOKEN] as const;
    await sendWebhook({ webhook: `${server.url}/services/{token}`, form, token }, '{}', signal);
    await sendWebhook({ webhook: `${server.url}/in`, form, token }, '{}', signal);
    expect(server.taken).toMatchObject([
      { path: `/services/${TOKEN}`, authorization: undefined, body: {} },
      { path: '/in', authorization: `Bearer ${TOKEN}` },
    ]);
  });

  test('that leads elsewhere is not followed', async () => {
    await using elsewhere = await aWebhook();
    server.answer = (_, response) => response.writeHead(307, { Location: elsewhere.url }).end();
    const sent = sendWebhook({ webhook: server.url, form: 'json', token: TOKEN }, '{}', signal);
    await expect(sent).rejects.toThrow('answers 307, a redirection, which is not followed');
    expect(elsewhere.taken).toEqual([]);
  });

  test('that answers nothing, or never ends, holds nobody up', async () => {
    server.answer = () => undefined;
    const target = { webhook: server.url, form: 'json' } as const;
    await expect(sendWebhook(target, '{}', signal, 200)).rejects.toThrow('no answer within 0.2 s');
    server.answer = (_, response) => {
      response.writeHead(500);
      const more = (): boolean => !response.destroyed && response.write('x'.repeat(10_000), more);
      more();
    };
    await expect(sendWebhook(target, '{}', signal, 5000)).rejects.toThrow(/^answers 500: x{100}…$/);
  });

  test.each([
    [400, true],
    [413, true],
    [403, false],
    [429, false],
    [500, false],
  ])('an answer of %d refuses this message alone: %s', async (status, refused) => {
    server.answer = (_, response) =>
      response.writeHead(status, { 'Retry-After': '30' }).end(`not ${TOKEN}`);
    const sent = sendWebhook({ webhook: server.url, form: 'json', token: TOKEN }, '{}', signal);
    await expect(sent).rejects.toMatchObject({
      ...{ refused, retryAfterMs: 30_000, message: `answers ${status}: not ***` },
    });
  });

  test('that repeats where it was asked is not repeated: a path may be all that keeps others out', async () => {
    server.answer = ({ url }, response) =>
      response.writeHead(404).end(`Route POST:${url} not found`);
    const message = 'answers 404: Route POST:*** not found';
    for (const target of [
      { webhook: `${server.url}/services/T0/B0/a-secret?key=b`, form: 'json' },
      { webhook: `${server.url}/{token}/in`, form: 'json', token: TOKEN },
    ] as const)
      await expect(sendWebhook(target, '{}', signal)).rejects.toThrow(message);
    server.answer = (_, response) => response.writeHead(404).end('no a-secret here');
    const target = { webhook: `${server.url}/in/a-secret`, form: 'json' } as const;
    await expect(sendWebhook(target, '{}', signal)).rejects.toThrow('no *** here');
  });

  test('that nobody is at is said by why', async () => {
    const { url } = server;
    await server[Symbol.asyncDispose]();
    await expect(sendWebhook({ webhook: url, form: 'json' }, '{}', signal)).rejects.toThrow(
      'ECONNREFUSED',
    );
  });
});

describe('what strangers write', () => {
  const text =
    '<!channel> <http://evil|click> *b* @here [x](http://evil) {{DATE(2026)}} {{{TIME(2026)}} "\u0007&';
  const group = withEvent(
    undefined,
    { at: 0, level: 'warn', kind: 'refused', count: 1, userAgent: text, text },
    0,
  );
  const message = writeMessage(group, { name: 'duty', template: usualTemplate }, teller);
  const bodyOf = (form: 'json' | 'slack' | 'teams') =>
    JSON.parse(bodyFor(form, message, 'duty', teller));

  test('is plain text in Slack, and no mention in what notifications show', () => {
    const { text: shown, mrkdwn, blocks } = bodyOf('slack');
    expect(mrkdwn).toBe(false);
    expect(shown).toContain('&lt;!channel&gt; &lt;http[:]//evil|click&gt;');
    expect(shown).not.toMatch(/[<>]/);
    for (const { text: said } of blocks) expect(said.type).toBe('plain_text');
  });

  test('is a run of text in Teams, without functions', () => {
    const [{ content }] = bodyOf('teams').attachments;
    const texts = content.body.map(
      ({ type, inlines: [run] }: { type: string; inlines: { type: string; text: string }[] }) => [
        type,
        run?.type,
        run?.text.includes('{{'),
      ],
    );
    expect(texts).not.toEqual([]);
    for (const one of texts) expect(one).toEqual(['RichTextBlock', 'TextRun', false]);
  });

  test('is a string in JSON, whole for programs', () => {
    const { subject, events } = bodyOf('json');
    expect(subject).toContain('<http[:]//evil|click>');
    expect(events).toMatchObject([{ userAgent: text, at: '1970-01-01T00:00:00.000Z' }]);
  });

  test.each(['slack', 'teams'] as const)('is never more than %s takes', (form) => {
    let much = group;
    for (let at = 0; at < 100; at++)
      much = withEvent(
        much,
        {
          ...(group.events[0] ?? { at: 0, level: 'warn', kind: 'refused', count: 1 }),
          text: '€'.repeat(200),
          extension: '€'.repeat(200),
          number: '€'.repeat(200),
        },
        at,
      );
    const long = writeMessage(
      much,
      { name: 'duty', template: { subject: '{summary}', line: '{text}{text}{text}{extension}' } },
      teller,
    );
    const body = bodyFor(form, long, 'duty', teller);
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(24_000);
    expect(body).toContain('€');
  });
});
