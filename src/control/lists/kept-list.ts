import { mkdirSync, readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';

/** The last good state of a list, in the data directory. */
const kept = z.object({
  version: z.literal(1),
  /** What it was read from: of another source or form it is worth nothing. */
  source: z.string(),
  readAt: z.number(),
  changedAt: z.number(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  cursor: z.string().optional(),
  notices: z.array(z.string()),
  /** What it names, and of a feed when it was last named. */
  networks: z.array(z.tuple([z.string(), z.number()])),
});

export type KeptList = z.output<typeof kept>;

/** Undefined when there is none, or none that can be read: it is fetched anew. */
export function readKept(file: string, source: string): KeptList | undefined {
  try {
    const read = kept.parse(JSON.parse(readFileSync(file, 'utf8')));
    return read.source === source ? read : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all. */
export async function writeKept(file: string, list: KeptList): Promise<void> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const begun = `${file}.new`;
  try {
    await writeFile(begun, JSON.stringify(list), { mode: 0o600, flush: true });
    await rename(begun, file);
  } catch (error) {
    await rm(begun, { force: true });
    throw error;
  }
}
