/** Just enough DER (ITU-T X.690) to write a certificate. */
export function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content), content]);
}

/** SEQUENCE */
export const sequence = (...contents: readonly Buffer[]): Buffer => der(0x30, ...contents);

/** SET */
export const set = (...contents: readonly Buffer[]): Buffer => der(0x31, ...contents);

/** INTEGER, from bytes that are a positive number. */
export function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first === -1 ? Buffer.from([0]) : bytes.subarray(first);
  return (digits[0] ?? 0) & 0x80 ? der(0x02, Buffer.from([0]), digits) : der(0x02, digits);
}

/** BOOLEAN TRUE */
export const yes: Buffer = der(0x01, Buffer.from([0xff]));

/** BIT STRING; the last `unused` bits do not count. */
export const bitString = (bytes: Buffer, unused = 0): Buffer =>
  der(0x03, Buffer.from([unused]), bytes);

/** OCTET STRING */
export const octetString = (bytes: Buffer): Buffer => der(0x04, bytes);

/** UTF8String */
export const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));

/** [n], constructed: an explicit tag. */
export const explicit = (n: number, content: Buffer): Buffer => der(0xa0 | n, content);

/** OBJECT IDENTIFIER, from dotted numbers. */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
export function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/\.\d+|[-:T]/g, '');
  return at.getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(digits.slice(2)))
    : der(0x18, Buffer.from(digits));
}

function lengthOf({ length }: Buffer): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  if (length < 0x100) return Buffer.from([0x81, length]);
  return Buffer.from([0x82, length >> 8, length & 0xff]);
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}
