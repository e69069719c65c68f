import { Buffer } from 'node:buffer';
import { reasonOf } from '../../config/reason-of.ts';
import { type DatagramBatches, datagramBatches, type SystemCalls } from './datagram-batches.ts';
import type { TransportLog } from './transport-context.ts';

const DONT_WAIT = 0x40;
/** The layout of what is passed was written down for these: 64 bits, the lowest byte first. */
const archs: readonly string[] = ['x64', 'arm64', 'riscv64', 'loong64'];

/** Of all sockets, or of one. */
export const ONE_BY_ONE = 'datagrams are read and sent one by one, which costs more';

let ofThread: Promise<DatagramBatches | undefined> | undefined;

/** Made once, and said once where there are none. */
export function batchesOfThread(log: TransportLog): Promise<DatagramBatches | undefined> {
  ofThread ??= batches().catch((problem: unknown) => {
    log.warn({ why: reasonOf(problem) }, ONE_BY_ONE);
    return undefined;
  });
  return ofThread;
}

async function batches(): Promise<DatagramBatches> {
  if (process.platform !== 'linux' || !archs.includes(process.arch))
    throw new Error(`not made for ${process.platform} on ${process.arch}`);
  return datagramBatches(await systemCalls());
}

/** The calls of Linux that take and give many datagrams at once, which Node does not know. */
async function systemCalls(): Promise<SystemCalls> {
  const { default: koffi } = await import('koffi');
  const libc = koffi.load(null); // what Node itself is linked with, whichever it is
  const receive = libc.func(
    'int recvmmsg(int fd, void *headers, unsigned int count, int flags, void *timeout)',
  );
  const send = libc.func('int sendmmsg(int fd, void *headers, unsigned int count, int flags)');
  return {
    receive: (descriptor, headers, count) => receive(descriptor, headers, count, DONT_WAIT, null),
    send: (descriptor, headers, count) => send(descriptor, headers, count, DONT_WAIT),
    memory(bytes) {
      const address = koffi.address(koffi.alloc('uint8_t', bytes)); // by calloc: what is not touched takes none
      return { address, bytes: Buffer.from(koffi.view(address, bytes)) };
    },
  };
}
