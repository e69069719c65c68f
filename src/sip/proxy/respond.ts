import { Header } from '../message/header-name.ts';
import type { Message } from '../message/message.ts';
import { oneLine } from '../message/rewrite.ts';
import { reasonPhrase } from './reason-phrases.ts';
import { viaLines } from './via-lines.ts';

export interface ResponseFacts {
  readonly status: number;
  readonly reason?: string;
  /** Put on To unless the request brought a tag or this is a 100. */
  readonly toTag: string;
  /** Where the request really came from. */
  readonly address: string;
  readonly port: number;
  readonly headers?: readonly { readonly name: string; readonly value: string | undefined }[];
}

/** A response of our own to a request (RFC 3261 §8.2.6): its Via, From, To, Call-ID and CSeq, and what is asked for. */
export function respond(request: Message, facts: ResponseFacts): string {
  const { status } = facts;
  let out = `SIP/2.0 ${status} ${oneLine(facts.reason ?? reasonPhrase(status))}\r\n`;

  out += viaLines(request, facts.address, facts.port);
  out += copy(request, Header.from);
  const to = request.value(Header.to);
  if (to !== undefined)
    out +=
      status === 100 || request.toTag !== '' ? `To: ${to}\r\n` : `To: ${to};tag=${facts.toTag}\r\n`;
  out += copy(request, Header.callId);
  out += copy(request, Header.cseq);
  if (status === 100) out += copy(request, Header.timestamp); // RFC 3261 §8.2.6.1
  if (facts.headers !== undefined)
    for (const { name, value } of facts.headers)
      if (value !== undefined) out += `${name}: ${oneLine(value)}\r\n`;
  return `${out}Content-Length: 0\r\n\r\n`;
}

function copy(request: Message, id: (typeof Header)[keyof typeof Header]): string {
  const line = request.find(id);
  return line < 0
    ? ''
    : `${request.wire.slice(request.lineStart(line), request.lineEnd(line))}\r\n`;
}
