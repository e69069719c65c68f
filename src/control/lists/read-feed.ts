import { z } from 'zod';
import { CannotRead } from './cannot-read.ts';
import type { FetchedText } from './fetch-text.ts';

/** What came of a feed; with a failure, what came before it. */
export interface FeedRead {
  readonly entries: readonly string[];
  /** Where to go on the next time. */
  readonly cursor: string | undefined;
  readonly failure?: CannotRead;
}

/** 250 to a page. */
const MOST_PAGES = 4000;
const AFTER_TOO_MANY_MS = 120_000;

const page = z.object({
  ipaddress: z.union([z.string(), z.array(z.string())]),
  ID: z.union([z.string(), z.number()]),
});

/** Answers whose text says what is the matter: nothing new, key refused, asked too often. */
export const feedStatus = [400, 401, 403, 429] as const;

/**
 * Reads a feed such as APIBAN's, page by page from where it was left: each names the addresses of some time, and an ID
 * behind which the next one begins. What was read before a page failed is not read again: those who ask too often are
 * refused for minutes.
 */
export async function readFeed(
  url: string,
  from: string | undefined,
  mostEntries: number,
  get: (url: string) => Promise<FetchedText>,
): Promise<FeedRead> {
  const entries: string[] = [];
  let cursor = from;
  try {
    for (let pages = 0; pages < MOST_PAGES && entries.length < mostEntries; pages++) {
      const fetched = await get(cursor === undefined ? url : `${url}/${cursor}`);
      if (fetched.same) break;
      const { addresses, next } = pageOf(fetched);
      if (next === undefined || next === cursor) break;
      entries.push(...addresses);
      cursor = next;
    }
  } catch (failure) {
    if (!(failure instanceof CannotRead)) throw failure;
    return { entries, cursor, failure };
  }
  return { entries, cursor };
}

function pageOf({ text, status }: Extract<FetchedText, { same: false }>): {
  readonly addresses: readonly string[];
  readonly next: string | undefined;
} {
  if (status === 429)
    throw new CannotRead('status', 'answered 429: asked too often', AFTER_TOO_MANY_MS);
  if (status === 401 || status === 403)
    throw new CannotRead('key', `the key is refused (${status})`);
  const read = page.safeParse(parsed(text));
  if (!read.success) throw new CannotRead('content', `answered ${status} with other than its JSON`);
  const { ipaddress, ID } = read.data;
  const next = String(ID);
  if (next === 'none') return { addresses: [], next: undefined };
  if (next === 'unauthorized') throw new CannotRead('key', 'the key is refused');
  if (status !== 200) throw new CannotRead('status', `answered ${status}`);
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(next))
    throw new CannotRead('content', 'an ID that cannot be one');
  return { addresses: [ipaddress].flat(), next };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
