/** An address is its 32-bit words: one for IPv4, four for IPv6. `bits` of them are the network's. */
export interface Network {
  readonly family: 4 | 6;
  readonly words: Int32Array;
  readonly bits: number;
}

const DOT = 0x2e;
const COLON = 0x3a;
const PERCENT = 0x25;
const ZERO = 0x30;

/** The value of each ASCII character as a digit, or -1. */
const hexDigits = Int8Array.from({ length: 128 }, (_, code) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase()),
);

const groups = new Uint16Array(8);

/**
 * Reads an address into `words` and says its family; 0 when it is none. Every packet's source passes here, so nothing
 * is allocated. An IPv4 address mapped into IPv6 (`::ffff:192.0.2.1`) is the IPv4 one; a zone (`%eth0`) is ignored.
 */
export function readAddress(text: string, words: Int32Array): 4 | 6 | 0 {
  for (let at = 0; at < text.length && at < 5; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) return readDotted(text, 0, text.length, words) ? 4 : 0;
    if (code === COLON) return readGroups(text, words);
  }
  return 0;
}

/** `192.0.2.1`, `192.0.2.0/24`, `192.0.2.0/255.255.255.0`, `2001:db8::/32`: bits beyond the network's are cleared. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const words = new Int32Array(4);
  const family = readAddress(address, words);
  if (family === 0) return undefined;

  const mapped = family === 4 && address.includes(':');
  const whole = family === 6 || mapped ? 128 : 32;
  const written = slash < 0 ? whole : prefixBits(text.slice(slash + 1), whole);
  const bits = written === undefined ? undefined : written - (mapped ? 96 : 0);
  return bits === undefined || bits < 0
    ? undefined
    : { family, words: masked(words, family, bits), bits };
}

/** The network of that size around it; itself if it is no larger. */
export function widen({ family, words, bits }: Network, to: number): Network {
  const left = Math.min(bits, to);
  return { family, words: masked(words, family, left), bits: left };
}

/** One spelling per network: RFC 5952 for IPv6, no suffix for a single address. */
export function formatNetwork({ family, words, bits }: Network): string {
  const address = family === 4 ? formatDotted(words[0] ?? 0) : formatGroups(words);
  return bits === (family === 4 ? 32 : 128) ? address : `${address}/${bits}`;
}

/** The same network may be written in several ways: this is one for all. What is no network is left as it is. */
export function canonicalNetwork(text: string): string {
  const network = parseNetwork(text);
  return network === undefined ? text : formatNetwork(network);
}

/** The bits that count of a network's last word. */
export function maskOf(bits: number): number {
  return bits === 0 ? 0 : -1 << (32 - bits);
}

function masked(words: Int32Array, family: 4 | 6, bits: number): Int32Array {
  const count = family === 4 ? 1 : 4;
  const kept = new Int32Array(count);
  for (let index = 0; index < count; index++) {
    const left = Math.min(32, Math.max(0, bits - index * 32));
    kept[index] = (words[index] ?? 0) & maskOf(left);
  }
  return kept;
}

function prefixBits(suffix: string, whole: number): number | undefined {
  if (/^\d{1,3}$/.test(suffix)) return Number(suffix) <= whole ? Number(suffix) : undefined;
  const mask = new Int32Array(4);
  if (whole !== 32 || !readDotted(suffix, 0, suffix.length, mask)) return undefined;
  const bits = Math.clz32(~(mask[0] ?? 0));
  return mask[0] === maskOf(bits) ? bits : undefined;
}

/** A leading zero is refused: some read `010` as eight. */
function readDotted(text: string, from: number, to: number, words: Int32Array): boolean {
  let word = 0;
  let dots = 0;
  let part = 0;
  let start = from;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit >= 0 && digit <= 9) part = (part * 10 + digit) | 0;
    else {
      if (digit !== DOT - ZERO || !isPart(part, at - start)) return false;
      word = (word << 8) | part;
      part = 0;
      dots++;
      start = at + 1;
    }
  }
  words[0] = (word << 8) | part;
  return dots === 3 && isPart(part, to - start);
}

function isPart(part: number, digits: number): boolean {
  if (digits === 3) return part >= 100 && part <= 255;
  return digits === 2 ? part >= 10 : digits === 1;
}

function readGroups(text: string, words: Int32Array): 4 | 6 | 0 {
  let end = text.length;
  let count = 0;
  let gap = -1;
  let at = 0;
  if (end > 1 && text.charCodeAt(0) === COLON && text.charCodeAt(1) === COLON) {
    gap = 0;
    at = 2;
  }
  while (at < end) {
    const start = at;
    let group = 0;
    let code = 0;
    for (; at < end; at++) {
      code = text.charCodeAt(at);
      const digit = code < 128 ? (hexDigits[code] as number) : -1;
      if (digit < 0) break;
      group = ((group << 4) | digit) & 0xffff;
    }
    if (at < end && code === PERCENT) end = at;
    if (at === start) {
      if (at === end && gap === count) break;
      return 0;
    }
    if (at < end && code === DOT) {
      const zone = text.indexOf('%', at);
      if (count > 6 || !readDotted(text, start, zone < 0 ? end : zone, words)) return 0;
      groups[count++] = (words[0] as number) >>> 16;
      groups[count++] = words[0] as number;
      break;
    }
    if (at - start > 4 || count === 8) return 0;
    groups[count++] = group;
    if (at === end) break;
    if (code !== COLON || ++at === end) return 0;
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return 0;
      gap = count;
      at++;
    }
  }
  if (gap < 0 ? count !== 8 : count === 8) return 0;
  return joinGroups(count, gap, words);
}

/** Puts zeros where `::` stood. */
function joinGroups(count: number, gap: number, words: Int32Array): 4 | 6 {
  if (gap >= 0) {
    const behind = count - gap;
    groups.copyWithin(8 - behind, gap, count);
    groups.fill(0, gap, 8 - behind);
  }
  for (let index = 0; index < 4; index++)
    words[index] = ((groups[index * 2] as number) << 16) | (groups[index * 2 + 1] as number);
  if (words[0] !== 0 || words[1] !== 0 || words[2] !== 0xffff) return 6;
  words[0] = words[3] as number;
  return 4;
}

function formatDotted(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

function formatGroups(words: Int32Array): string {
  const all = [...words].flatMap((word) => [word >>> 16, word & 0xffff]);
  const text = all.map((group) => group.toString(16));
  const { start, length } = longestZeros(all);
  if (length < 2) return text.join(':');
  return `${text.slice(0, start).join(':')}::${text.slice(start + length).join(':')}`;
}

function longestZeros(all: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  for (let start = 0; start < all.length; start++) {
    let length = 0;
    while (all[start + length] === 0) length++;
    if (length > longest.length) longest = { start, length };
  }
  return longest;
}
