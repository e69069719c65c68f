import { isHere } from './own-addresses.ts';

/** A URL with a place in braces for what is secret, as it is without that; undefined where it is no URL of the web. */
export function secretUrl(text: string, place: string): URL | undefined {
  const bare = text.replaceAll(place, place.slice(1, -1));
  return /^https?:\/\//i.test(text) && URL.canParse(bare) && !/[{}\s]/.test(bare)
    ? new URL(bare)
    : undefined;
}

export const namesUser = ({ username, password }: URL): boolean =>
  username !== '' || password !== '';

/** Could anybody on the way read and change what goes there? */
export const isInClear = ({ protocol, hostname }: URL): boolean =>
  protocol === 'http:' && !isHere(hostname);
