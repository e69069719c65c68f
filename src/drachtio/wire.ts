import type { HeaderChange } from '../edge/signaling.ts';
import { longNames } from '../sip/message/long-names.ts';
import type { Message } from '../sip/message/message.ts';
import { readMessage } from '../sip/message/read-message.ts';
import { oneLine, Rewrite } from '../sip/message/rewrite.ts';
import type { Edit } from '../sip/proxy/hiding.ts';
import type { SrfHeaders } from './srf.ts';

/** drachtio-srf has text where we have bytes: it decodes UTF-8, so what is none does not survive. */
const wireOf = (text: string): string =>
  isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
export const textOf = (wire: string): string =>
  isAscii(wire) ? wire : Buffer.from(wire, 'latin1').toString('utf8');

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return false;
  return true;
}

export const messageOf = ({ raw }: { readonly raw: string }): Message | undefined =>
  readMessage(wireOf(raw));

/** The message as the other side is to see it. */
export function edited(message: Message, edit: Edit | undefined, own: string): Message {
  if (edit === undefined) return message;
  const rewrite = new Rewrite(message);
  edit(message, rewrite, own);
  return readMessage(rewrite.result()) ?? message;
}

const hopByHop = ['via', 'route', 'record-route', 'content-length', 'max-forwards'];
const ofTheDialog = ['from', 'to', 'call-id', 'cseq'];

/** What of a request is passed on as it is; the rest is written by the server, or by us for each place it goes. */
export const notOfRequest: ReadonlySet<string> = new Set(hopByHop);
/** The same for a request that opens a dialog: the server puts itself into the Contact. */
export const notOfOpening: ReadonlySet<string> = new Set([...hopByHop, 'contact', 'call-id']);
export const notOfInside: ReadonlySet<string> = new Set([
  ...hopByHop,
  ...ofTheDialog,
  'contact',
  'rack',
]);
export const notOfAnswer: ReadonlySet<string> = new Set([...hopByHop, ...ofTheDialog, 'rseq']);
export const notOfDialogAnswer: ReadonlySet<string> = new Set([...notOfAnswer, 'contact']);

/** Headers on their way through: taken from one message, changed, given to drachtio-srf for another. */
export class Headers {
  #lines: { readonly name: string; readonly lower: string; readonly value: string }[] = [];

  /** All but these, by their lower-case names. */
  static of(message: Message, without: ReadonlySet<string>): Headers {
    const headers = new Headers();
    for (let line = 0; line < message.lineCount; line++) {
      const written = message.lineName(line);
      // a server knows compact names, but it is not asked by them which headers it writes itself
      const name = longNames[written.toLowerCase()] ?? written;
      if (!without.has(name.toLowerCase())) headers.add(name, message.valueOf(line));
    }
    return headers;
  }

  add(name: string, value: string): void {
    this.#lines.push({ name, lower: name.toLowerCase(), value });
  }

  get(name: string): string | undefined {
    const lower = name.toLowerCase();
    return this.#lines.find((line) => line.lower === lower)?.value;
  }

  has(name: string, value: string): boolean {
    const lower = name.toLowerCase();
    return this.#lines.some((line) => line.lower === lower && line.value === value);
  }

  /** In place of all with that name; removes them when there is no value. */
  set(name: string, value: string | undefined): void {
    const lower = name.toLowerCase();
    const at = this.#lines.findIndex((line) => line.lower === lower);
    this.#lines = this.#lines.filter((line, index) => line.lower !== lower || index === at);
    if (value === undefined) this.#lines = this.#lines.filter((line) => line.lower !== lower);
    else if (at < 0) this.add(name, value);
    else this.#lines[at] = { name: this.#lines[at]?.name ?? name, lower, value };
  }

  /**
   * In a request outside a dialog a server puts its own address into the Contact, and dies of `*` and of `tel:`; by
   * its compact name it does not know it.
   */
  keepContact(): void {
    this.#lines = this.#lines.map((line) =>
      line.lower === 'contact' ? { ...line, name: 'm' } : line,
    );
  }

  /** A server sends no body of which it is not told what it is (RFC 3261 §20.15). */
  nameBody(body: string): void {
    if (body !== '' && this.get('Content-Type') === undefined)
      this.add(
        'Content-Type',
        body.startsWith('v=0') ? 'application/sdp' : 'application/octet-stream',
      );
  }

  /** Changes to what the server writes itself have no effect. */
  apply(changes: readonly HeaderChange[] | undefined, without: ReadonlySet<string>): this {
    for (const { name, value } of changes ?? [])
      if (!without.has(name.toLowerCase())) this.set(name, value);
    return this;
  }

  /** drachtio-srf has one text for each name: a header that stands twice goes out as the two lines it is. */
  forSrf(): SrfHeaders {
    const headers: Record<string, string> = {};
    const names = new Map<string, string>();
    for (const { name, lower, value } of this.#lines) {
      const text = textOf(oneLine(value));
      const first = names.get(lower);
      if (first === undefined) {
        names.set(lower, name);
        headers[name] = text;
      } else headers[first] = `${headers[first]}\r\n${name}: ${text}`;
    }
    return headers;
  }
}
