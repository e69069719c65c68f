import { z } from 'zod';
import { fileName, source } from '../policy/forms.ts';
import { expected, type Understood, understood, written } from '../policy/written.ts';
import { showHost } from './problem.ts';
import { secret } from './secret.ts';
import { isInClear, namesUser, secretUrl } from './secret-url.ts';

/** Where the key goes in a URL. */
export const KEY_PLACE = '{key}';

/** As written: `{key}` stays until it is fetched. */
function readListUrl(text: string): Understood<string> {
  const form = 'an https:// URL, {key} in it where a key goes';
  const url = secretUrl(text, KEY_PLACE);
  if (url === undefined) return expected(form);
  if (namesUser(url)) return expected(`${form}; no user and password in it`);
  if (isInClear(url))
    return expected(`${form}: over http:// anybody on the way decides who is blocked`, {
      meant: showHost(text.replace(/^http/i, 'https')),
    });
  return understood(text);
}

const list = z
  .strictObject({
    file: fileName.optional().describe('a file on this machine, read again when it changes'),
    url: written(readListUrl, { secret: 'path' })
      .optional()
      .describe(
        'where it is fetched from, in place of a file: https://…; {key} where the key goes',
      ),
    format: z
      .enum(['lines', 'apiban'])
      .default('lines')
      .describe('lines: an address or network in each, # and ; begin comments; apiban: its JSON'),
    key: secret.optional().describe('the key for {key} in the URL, a variable'),
    mode: z
      .enum(['block', 'allow', 'shadow'])
      .default('block')
      .describe(
        'block; allow: never blocked or limited, but no guest for it; shadow: only counted what it would block',
      ),
    phones: z
      .enum(['serve', 'block'])
      .default('serve')
      .describe('those registered from a listed address: served all the same, or blocked as well'),
    except: z
      .array(source)
      .default([])
      .describe('addresses and networks that it never decides about, whatever it says'),
    everySeconds: z
      .int()
      .min(10)
      .max(604_800)
      .default(3600)
      .describe('how often a URL is fetched; after a failure sooner, then ever more rarely'),
    timeoutSeconds: z.int().min(1).max(50).default(20).describe('how long one fetch may take'),
    mostMegabytes: z.int().min(1).max(100).default(16).describe('the largest answer taken'),
    mostEntries: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(200_000)
      .describe('how many networks are taken, the first ones; the rest is left out, and said'),
    dropAfterDays: z
      .int()
      .min(1)
      .max(365)
      .default(7)
      .describe(
        'a list that could not be read again for so long counts no more; of apiban, each address that was not named again',
      ),
  })
  .refine(
    ({ file, url }) => (file === undefined) !== (url === undefined),
    'a file or a url, one of the two',
  );

/** N15: lists of addresses that others keep. */
export const listsSchema = z
  .record(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/, 'letters, digits, "-" or "_", at most 32'),
    list,
  )
  .default({})
  .describe('by name: a list of addresses that is read again and again');
export type ListWritten = z.output<typeof list>;
