import { z } from 'zod';

/** `hmac-sha256:SALT:MAC`, both base64url: what `drawbridge pin add` writes. */
const HASH = /^hmac-sha256:([\w-]{16,64}):([\w-]{43})$/;

const entry = z.strictObject({
  hash: z
    .string()
    .regex(HASH, 'what drawbridge pin add writes')
    .meta({ secret: true })
    .describe('the PIN as drawbridge pin add writes it, never the PIN itself'),
  routes: z
    .array(z.string().min(1))
    .default([])
    .describe('the outbound routes it opens; none: every route that asks for it'),
  extensions: z
    .array(z.string().min(1))
    .default([])
    .describe('the extensions that may use it, in quotes; none: every one'),
});

/** O3: PINs by the name that call records show. */
export const pinsSchema = z
  .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/), entry)
  .default({})
  .refine((pins) => Object.keys(pins).length <= 1000, 'at most 1000 entries')
  .describe('PINs by name, which outbound routes can ask for; drawbridge pin add makes them');
export type PinEntry = z.output<typeof entry>;
export type PinsSettings = z.output<typeof pinsSchema>;

/** The salt and the code of an entry, as written. */
export function partsOfHash(hash: string): { readonly salt: string; readonly mac: string } {
  const [, salt = '', mac = ''] = HASH.exec(hash) ?? [];
  return { salt, mac };
}

/** May this entry open this route to this extension, if the PIN is right? */
export function mayOpen(
  { routes, extensions }: PinEntry,
  name: string,
  route: { readonly name: string; readonly pin: 'any' | readonly string[] | null },
  extension: string | undefined,
): boolean {
  if (route.pin === null) return false;
  return (
    (route.pin === 'any' || route.pin.includes(name)) &&
    (routes.length === 0 || routes.includes(route.name)) &&
    (extensions.length === 0 || (extension !== undefined && extensions.includes(extension)))
  );
}
