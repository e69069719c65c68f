import { reasonOf } from '../../config/reason-of.ts';
import { CannotRead } from './cannot-read.ts';

export interface Conditions {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

export interface FetchOptions extends Conditions {
  readonly timeoutMs: number;
  readonly mostBytes: number;
  /** A key is in the URL: it goes to no other host, and messages say nothing of paths. */
  readonly secret: boolean;
  /** Answers other than 200 whose text says something. */
  readonly alsoStatus?: readonly number[];
  /** Ends it early. */
  readonly signal: AbortSignal;
}

export type FetchedText =
  | { readonly same: true }
  | ({ readonly same: false; readonly text: string; readonly status: number } & Conditions);

const MOST_REDIRECTS = 5;
const MOST_RETRY_AFTER_SECONDS = 86_400;

/**
 * Fetches a text, if it is another than the one we have. Throws `CannotRead` for everything that is not the whole text:
 * an answer that broke off, one that is too long, one that takes too long however slowly it trickles.
 */
export async function fetchText(url: string, options: FetchOptions): Promise<FetchedText> {
  const { timeoutMs, signal } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const both = AbortSignal.any([timeout, signal]);
  try {
    const response = await follow(new URL(url), options, both);
    if (response.status === 304) return { same: true };
    const { headers, status } = response;
    return {
      ...{ same: false, status, text: await read(response, options) },
      etag: headers.get('etag') ?? undefined,
      lastModified: headers.get('last-modified') ?? undefined,
    };
  } catch (error) {
    if (error instanceof CannotRead) throw error;
    if (timeout.aborted)
      throw new CannotRead('timeout', `no whole answer within ${timeoutMs / 1000} s`);
    throw new CannotRead('unreachable', causeOf(error));
  }
}

async function follow(first: URL, options: FetchOptions, signal: AbortSignal): Promise<Response> {
  const { etag, lastModified, secret, alsoStatus = [] } = options;
  const headers = {
    'User-Agent': 'drawbridge',
    ...(etag !== undefined && { 'If-None-Match': etag }),
    ...(lastModified !== undefined && { 'If-Modified-Since': lastModified }),
  };
  let url = first;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    const response = await fetch(url, { headers, signal, redirect: 'manual' });
    if (response.status === 200 || response.status === 304) return response;
    if (alsoStatus.includes(response.status)) return response;
    await response.body?.cancel();
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null)
      throw unwanted(response, secret);
    url = nextPlace(location, url, first, secret);
  }
  throw new CannotRead('redirect', `more than ${MOST_REDIRECTS} redirections`);
}

function nextPlace(location: string, from: URL, first: URL, secret: boolean): URL {
  if (!URL.canParse(location, from.href))
    throw new CannotRead('redirect', 'a redirection to no URL');
  const to = new URL(location, from);
  if (to.protocol !== first.protocol && to.protocol !== 'https:')
    throw new CannotRead('redirect', `a redirection from ${first.protocol}// to ${to.protocol}//`);
  if (secret && to.host !== first.host)
    throw new CannotRead('redirect', `a redirection to ${to.host}, which the key is not for`);
  return to;
}

function unwanted({ status, headers }: Response, secret: boolean): CannotRead {
  const refused = secret && (status === 401 || status === 403);
  const text = refused ? `the key is refused (${status})` : `answered ${status}`;
  return new CannotRead(refused ? 'key' : 'status', text, retryAfterMs(headers));
}

function retryAfterMs(headers: Headers): number | undefined {
  const text = headers.get('retry-after') ?? '';
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isNaN(seconds)
    ? undefined
    : Math.max(0, Math.min(seconds, MOST_RETRY_AFTER_SECONDS)) * 1000;
}

async function read({ headers, body }: Response, options: FetchOptions): Promise<string> {
  const { mostBytes } = options;
  const tooLarge = () => new CannotRead('too-large', `more than ${mostBytes / 1_000_000} MB`);
  if (Number(headers.get('content-length') ?? 0) > mostBytes) {
    await body?.cancel();
    throw tooLarge();
  }
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  try {
    for await (const chunk of body ?? []) {
      bytes += chunk.length;
      if (bytes > mostBytes) throw tooLarge();
      text += decoder.decode(chunk, { stream: true });
    }
  } catch (error) {
    if (error instanceof CannotRead || isTimeout(error)) throw error;
    throw new CannotRead('truncated', `the answer broke off after ${bytes} bytes`);
  }
  return text + decoder.decode();
}

const isTimeout = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');

/** The system's own words: `fetch failed` says nothing. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return reasonOf(cause) || code || 'no connection';
}
