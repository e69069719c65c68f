import { TOKEN_PLACE } from '../../config/notification-settings.ts';
import { reasonOf } from '../../config/reason-of.ts';
import type { WebhookSettings } from '../../config/settings.ts';
import { CannotDeliver } from './cannot-deliver.ts';
import { cleanText } from './clean-text.ts';
import { withoutSecret } from './send-mail.ts';

const TIMEOUT_MS = 15_000;
const MOST_ANSWER_BYTES = 2000;
const MOST_RETRY_AFTER_SECONDS = 3600;
/** About when, not what: the same may be taken later. */
const notNow = [401, 403, 404, 408, 425, 429];

/** Posts a body. It goes nowhere else: a redirection is a failure. Throws `CannotDeliver`. */
export async function sendWebhook(
  { webhook, token }: WebhookSettings,
  body: string,
  signal: AbortSignal,
  timeoutMs = TIMEOUT_MS,
): Promise<void> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const inUrl = webhook.includes(TOKEN_PLACE);
  const url = webhook.replaceAll(TOKEN_PLACE, token ?? '');
  const harmless = (text: string): string => withoutSecret(withoutPath(text, url), token ?? '');
  let response: Response;
  let said: string;
  try {
    response = await fetch(url, {
      method: 'POST',
      body,
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': 'drawbridge',
        ...(token !== undefined && !inUrl && { Authorization: `Bearer ${token}` }),
      },
      redirect: 'manual',
      signal: AbortSignal.any([timeout, signal]),
    });
    said = response.ok ? '' : await beginningOf(response);
    await response.body?.cancel().catch(() => undefined);
  } catch (error) {
    if (timeout.aborted) throw new CannotDeliver(`no answer within ${timeoutMs / 1000} s`);
    throw new CannotDeliver(cleanText(harmless(causeOf(error)), 200));
  }
  const { status, ok } = response;
  if (ok) return;
  if (status >= 300 && status < 400)
    throw new CannotDeliver(`answers ${status}, a redirection, which is not followed`);
  const text = cleanText(harmless(said), 100);
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  throw new CannotDeliver(`answers ${status}${text === '' ? '' : `: ${text}`}`, {
    refused: status >= 400 && status < 500 && !notNow.includes(status),
    ...(seconds > 0 && { retryAfterMs: Math.min(seconds, MOST_RETRY_AFTER_SECONDS) * 1000 }),
  });
}

/** Shorter ones are words: `hooks`, `api`. */
const LEAST_SECRET = 8;

/** Nor of where it was asked: of many webhooks the path is the secret, and a server that has none like it repeats it. */
function withoutPath(text: string, url: string): string {
  const { pathname, search } = new URL(url);
  return [`${pathname}${search}`, pathname, search.slice(1), ...pathname.split('/')]
    .filter((part) => part.length >= LEAST_SECRET)
    .reduce((clean, part) => clean.replaceAll(part, '***'), text);
}

async function beginningOf({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MOST_ANSWER_BYTES) break;
  }
  return text.slice(0, MOST_ANSWER_BYTES).trim();
}

/** The system's own words: `fetch failed` says nothing. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return reasonOf(cause) || code || 'no connection';
}
