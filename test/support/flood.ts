import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { showHostPort } from '../../src/config/forms.ts';
import type { Place } from './sip-wire.ts';

export interface FloodOptions {
  readonly method?: 'OPTIONS' | 'REGISTER';
  /** So many at once, and then a breath. */
  readonly burst?: number;
  readonly breathMs?: number;
  /** For how long nothing has to come until nothing more is waited for. */
  readonly patienceMs?: number;
}

/** Sends requests from one socket without waiting for what becomes of them; the statuses of the answers that came. */
export async function flood(
  to: Place,
  from: string,
  count: number,
  { method = 'OPTIONS', burst = 20, breathMs = 2, patienceMs = 500 }: FloodOptions = {},
): Promise<readonly string[]> {
  const socket = createSocket(from.includes(':') ? 'udp6' : 'udp4');
  const statuses: string[] = [];
  let lastAt = 0;
  socket.on('message', (answer) => {
    statuses.push(answer.toString('latin1').slice(8, 11));
    lastAt = performance.now();
  });
  socket.bind(0, from);
  await once(socket, 'listening');
  const { port } = socket.address();
  const own = showHostPort(from, port);
  const gate = showHostPort(to.address, to.port);
  for (let one = 0; one < count; one++) {
    const lines = [
      `${method} sip:${gate} SIP/2.0`,
      `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${one}f${port};rport`,
      `From: <sip:1009@${gate}>;tag=f${one}`,
      `To: <sip:1009@${gate}>`,
      `Call-ID: flood-${one}@${own}`,
      `CSeq: 1 ${method}`,
      'Max-Forwards: 70',
      ...(method === 'REGISTER' ? [`Contact: <sip:1009@${own}>`] : []),
      'Content-Length: 0',
    ];
    socket.send(`${lines.join('\r\n')}\r\n\r\n`, to.port, to.address);
    if (one % burst === burst - 1) await sleep(breathMs);
  }
  lastAt = performance.now();
  while (statuses.length < count && performance.now() < lastAt + patienceMs) await sleep(10);
  socket.close();
  return statuses;
}
