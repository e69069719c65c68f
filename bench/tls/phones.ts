/**
 * TLS phones, in a process of their own so that their CPU and memory are not the harness's. Forked by
 * `start-phones.ts`; takes one order at a time over the process channel and answers each with one report.
 */
import { once } from 'node:events';
import type { TcpNetConnectOpts } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { Failure, Order, Report } from './orders.ts';
import { registerRequest } from './register-request.ts';
import { sourceAddress } from './source-address.ts';

const ANSWER_WITHIN_MS = 10_000;
const held: TLSSocket[] = [];
let connections = 0;

process.on('message', (order: Order) => {
  carryOut(order).then(
    (report) => process.send?.(report),
    (problem: unknown) => process.send?.({ problem: String(problem) } satisfies Failure),
  );
});
process.once('disconnect', () => process.exit());

async function carryOut(order: Order): Promise<Report> {
  switch (order.do) {
    case 'handshakes':
      return handshakes(order);
    case 'hold':
      return hold(order);
    case 'release': {
      const { length } = held;
      for (const socket of held.splice(0)) socket.destroy();
      return { done: length, resumed: 0, failed: 0, seconds: 0 };
    }
  }
}

/** One connection after another, several at once, each closed after its handshake. */
async function handshakes(order: Order & { do: 'handshakes' }): Promise<Report> {
  const report = { done: 0, resumed: 0, failed: 0, seconds: 0 };
  const session = order.resume ? await sessionFrom(order) : undefined;
  const start = performance.now();
  const end = start + order.seconds * 1000;
  const one = async () => {
    while (performance.now() < end) {
      try {
        const socket = await open(order, session);
        if (socket.isSessionReused()) report.resumed++;
        report.done++;
        socket.end();
        await once(socket, 'close');
      } catch {
        report.failed++;
      }
    }
  };
  await Promise.all(Array.from({ length: order.concurrency }, one));
  return { ...report, seconds: (performance.now() - start) / 1000 };
}

/** Connections that stay open, each with a registration of its own when asked for. */
async function hold(order: Order & { do: 'hold' }): Promise<Report> {
  const report = { done: 0, resumed: 0, failed: 0, seconds: 0 };
  const start = performance.now();
  let next = 0;
  const one = async () => {
    while (next < order.connections) {
      const user = next++;
      try {
        const socket = await open(order);
        held.push(socket);
        if (order.register) await register(socket, user);
        report.done++;
      } catch {
        report.failed++;
      }
    }
  };
  await Promise.all(Array.from({ length: order.concurrency }, one));
  return { ...report, seconds: (performance.now() - start) / 1000 };
}

type Where = Pick<Order & { do: 'hold' }, 'host' | 'port'>;

async function open({ host, port }: Where, session?: Buffer): Promise<TLSSocket> {
  const options: ConnectionOptions & Pick<TcpNetConnectOpts, 'localAddress'> = {
    host,
    port,
    servername: 'edge.example.com',
    // The certificate is self-signed: what is measured is the handshake, not who made the certificate.
    rejectUnauthorized: false,
    localAddress: sourceAddress(connections++),
    ...(session && { session }),
  };
  const socket = connect(options);
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  } catch (problem) {
    socket.destroy();
    throw problem;
  }
  socket.on('error', () => {});
  socket.resume();
  return socket;
}

async function sessionFrom(where: Where): Promise<Buffer> {
  const socket = connect({ ...where, servername: 'edge.example.com', rejectUnauthorized: false });
  const [session] = (await once(socket, 'session', {
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  })) as [Buffer];
  socket.end();
  return session;
}

async function register(socket: TLSSocket, user: number): Promise<void> {
  const { localAddress = '', localPort = 0 } = socket;
  socket.write(registerRequest(user, localAddress, localPort));
  const [answer] = (await once(socket, 'data', {
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  })) as [Buffer];
  if (!answer.toString('latin1').startsWith('SIP/2.0 200')) throw new Error('not registered');
}
