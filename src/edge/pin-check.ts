import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { mayOpen, type PinsSettings, partsOfHash } from '../policy/pins.ts';
import type { OutboundRoute } from '../policy/routes.ts';

/**
 * A PIN has few digits: whoever has the file could try them all against any hash, however slow. So what is stored is
 * a keyed code whose key lies elsewhere, in the data directory: the file alone is worth nothing, and a look costs
 * microseconds, which may be spent while a call waits.
 */
export function hashPin(pin: string, salt: string, key: Uint8Array): string {
  return `hmac-sha256:${salt}:${codeOf(pin, salt, createSecretKey(key)).toString('base64url')}`;
}

const codeOf = (pin: string, salt: string, key: KeyObject): Buffer =>
  createHmac('sha256', key).update(`${salt}:${pin}`).digest();

interface Entry {
  readonly name: string;
  readonly settings: PinsSettings[string];
  readonly salt: string;
  readonly code: Buffer;
}

/** Whose PIN is it? */
export class PinCheck {
  readonly #key: KeyObject;
  readonly #entries: readonly Entry[];

  constructor(pins: PinsSettings, key: Uint8Array) {
    this.#key = createSecretKey(key);
    this.#entries = Object.entries(pins).map(([name, settings]) => {
      const { salt, mac } = partsOfHash(settings.hash);
      return { name, settings, salt, code: Buffer.from(mac, 'base64url') };
    });
  }

  /** The entry by which this PIN opens the route to the extension. All that could are tried: time tells nothing. */
  entryOf(pin: string, route: OutboundRoute, extension: string | undefined): string | undefined {
    let found: string | undefined;
    for (const { name, settings, salt, code } of this.#entries)
      if (mayOpen(settings, name, route, extension)) {
        const right = timingSafeEqual(codeOf(pin, salt, this.#key), code);
        if (right) found ??= name;
      }
    return found;
  }
}
