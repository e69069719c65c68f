import { Buffer } from 'node:buffer';
import { reasonOf } from '../../config/reason-of.ts';
import { type DatagramBatches, datagramBatches, type SystemCalls } from './datagram-batches.ts';
import type { TransportLog } from './transport-context.ts';

const DONT_WAIT = 0x40;
/** The layout of what is passed was written down for these: 64 bits, the lowest byte first. */
const archs: readonly string[] = ['x64', 'arm64', 'riscv64', 'loong64'];

let ofThread: Promise<DatagramBatches | undefined> | undefined;

/** Made once, and said once where there are none. */
export function batchesOfThread(log: TransportLog): Promise<DatagramBatches | undefined> {
  ofThread ??= systemCalls().then((calls) => {
    if (typeof calls !== 'string') return datagramBatches(calls);
    log.warn({ why: calls }, 'datagrams are read and sent one by one, which costs more');
    return undefined;
  });
  return ofThread;
}

/**
 * The calls of Linux that take and give many datagrams at once, which Node does not know: an eighth of what a call costs, and
 * a third of what a registration costs. Elsewhere, and where the library that reaches them cannot be loaded, why not.
 */
async function systemCalls(): Promise<SystemCalls | string> {
  if (process.platform !== 'linux' || !archs.includes(process.arch))
    return `not made for ${process.platform} on ${process.arch}`;
  try {
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
        const pointer = koffi.alloc('uint8_t', bytes);
        const address = koffi.address(pointer);
        return { pointer, address, bytes: Buffer.from(koffi.view(pointer, bytes)) };
      },
    };
  } catch (problem) {
    return reasonOf(problem);
  }
}
