import type { Message } from '../../src/sip/message/message.ts';
import { readMessage } from '../../src/sip/message/read-message.ts';
import { composeSip, type HeaderValues } from './sip-text.ts';

export interface MessageParts {
  readonly method?: string;
  readonly uri?: string;
  /** In place of the whole first line. */
  readonly startLine?: string;
  /** Replaces headers of these names, or removes them (undefined). */
  readonly headers?: HeaderValues;
  readonly body?: string;
}

/** The bytes of an ordinary request: a test states only what it is about. */
export function requestText(parts: MessageParts = {}): string {
  const { method = 'INVITE', uri = 'sip:1002@gate.example', headers = {}, body = '' } = parts;
  return composeSip(
    parts.startLine ?? `${method} ${uri} SIP/2.0`,
    [
      ['Via', 'SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK-d8754z-1;rport'],
      ['Max-Forwards', '70'],
      ['From', '"Alice" <sip:1001@gate.example>;tag=a73kszlfl'],
      ['To', '<sip:1002@gate.example>'],
      ['Call-ID', '1j9FpLxk3uxtm8tn@192.0.2.1'],
      ['CSeq', `1 ${method}`],
      ['Contact', '<sip:1001@192.0.2.1:5062>'],
      ['User-Agent', 'Example Phone 1.2'],
    ],
    headers,
    body,
  );
}

/** The bytes of an ordinary 200 to that request, as it reaches a proxy: its own Via on top. */
export function responseText(parts: MessageParts = {}): string {
  const { startLine = 'SIP/2.0 200 OK', method = 'INVITE', headers = {}, body = '' } = parts;
  return composeSip(
    startLine,
    [
      [
        'Via',
        'SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKgate1, SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK-d8754z-1',
      ],
      ['From', '"Alice" <sip:1001@gate.example>;tag=a73kszlfl'],
      ['To', '<sip:1002@gate.example>;tag=1410948204'],
      ['Call-ID', '1j9FpLxk3uxtm8tn@192.0.2.1'],
      ['CSeq', `1 ${method}`],
      ['Contact', '<sip:1002@192.0.2.4>'],
    ],
    headers,
    body,
  );
}

export const aRequest = (parts?: MessageParts): Message => read(requestText(parts));
export const aResponse = (parts?: MessageParts): Message => read(responseText(parts));

function read(text: string): Message {
  const message = readMessage(text);
  if (message === undefined) throw new Error(`not readable: ${JSON.stringify(text)}`);
  return message;
}
