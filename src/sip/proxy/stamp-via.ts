import { bareHost } from '../message/uri.ts';
import type { Via } from '../message/via.ts';

/**
 * The top Via value as whoever received it must write it: the address it really came from in `received`
 * (RFC 3261 §18.2.1), and the port in `rport` when the client asked for it (RFC 3581 §4, then `received`
 * even if it equals the host). What the client itself claimed to be received from is replaced.
 */
export function stampVia(wire: string, via: Via, address: string, port: number): string {
  const { start, end, rportStart, rportEnd, receivedStart, receivedEnd } = via;
  const honest = !via.rport && receivedStart < 0 && bareHost(via.host) === address;
  if (honest) return wire.slice(start, end);

  const received = `;received=${address}`;
  if (rportStart < 0)
    return receivedStart < 0
      ? wire.slice(start, end) + received
      : wire.slice(start, receivedStart) + wire.slice(receivedEnd, end) + received;
  const rport = `;rport=${port}`;
  if (receivedStart < 0)
    return wire.slice(start, rportStart) + rport + received + wire.slice(rportEnd, end);
  const [first, firstEnd, second, secondEnd] =
    rportStart < receivedStart
      ? [rportStart, rportEnd, receivedStart, receivedEnd]
      : [receivedStart, receivedEnd, rportStart, rportEnd];
  return (
    wire.slice(start, first) +
    rport +
    received +
    wire.slice(firstEnd, second) +
    wire.slice(secondEnd, end)
  );
}
