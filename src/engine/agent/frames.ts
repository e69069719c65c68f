import { Header } from '../../sip/message/header-name.ts';
import { longNames } from '../../sip/message/long-names.ts';
import type { Message } from '../../sip/message/message.ts';
import { stampVia } from '../../sip/proxy/stamp-via.ts';
import type { Program } from '../protocol/program.ts';
import type { Channel } from '../transport/transports.ts';

/** `HH:MM:SS.uuuuuu`, UTC: when something was received or sent. */
export function stackTime(now = performance.timeOrigin + performance.now()): string {
  const micros = Math.floor((now % 1) * 1000);
  return `${new Date(now).toISOString().slice(11, 23)}${String(micros).padStart(3, '0')}`;
}

/** The tokens that say how a message came or went: its size, protocol, the peer's address and port, and when. */
export const wayOf = (
  bytes: number,
  { transport, address, port }: Pick<Channel, 'transport' | 'address' | 'port'>,
): readonly (string | number)[] => [bytes, transport, address, port, stackTime()];

/** The same for what nobody sent: a time-out, a name that leads nowhere. */
export const noWay = (): readonly (string | number)[] => [0, '', '', 0, stackTime()];

/**
 * A message from the network as programs read it: every name in full, no folds, the Content-Length that is
 * true, and in a request's top Via where it really came from. The version is in capitals, or drachtio-srf would throw
 * the message away and be taken for one that hangs; names with escapes are left out, since it undoes them, and a
 * stranger's `%56ia` would be one Via more.
 */
export function deliverable(message: Message, source: Channel): string {
  const { wire, isRequest, method, requestUri, status, reason } = message;
  let out = isRequest ? `${method} ${requestUri} SIP/2.0\r\n` : `SIP/2.0 ${status} ${reason}\r\n`;
  const top = isRequest ? message.find(Header.via) : -1;
  for (let line = 0; line < message.lineCount; line++) {
    if (message.lineId(line) === Header.contentLength) continue;
    const name = message.lineName(line);
    if (name.includes('%')) continue;
    const { via } = message;
    const value =
      line === top && via !== undefined
        ? stampVia(wire, via, source.address, source.port) +
          wire.slice(via.end, message.lineEnd(line))
        : message.valueOf(line);
    // drachtio-srf knows only some of the compact names; it finds no `Event` in `o: presence`
    out += `${longNames[name.toLowerCase()] ?? name}: ${value}\r\n`;
  }
  const { body } = message;
  return `${out}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** The one `response` to a command that cannot be carried out. */
export const refuse = (program: Program, id: string, why: string): void =>
  program.send(['response', id, 'NOK', why.replace(/[|\r\n]/g, ' ')]);

/** The one `response` to a command that was carried out: what went out, by which way, and what it is known by. */
export const confirm = (
  program: Program,
  id: string,
  wire: string,
  way: readonly (string | number)[],
  ...knownBy: readonly string[]
): void =>
  program.send(['response', id, 'OK', 'application', ...way, ...knownBy, 'Msg sent:', ''], wire);
