import { isIPv6, SocketAddress } from 'node:net';
import { mismatch } from '../config/problem.ts';
import { readSource } from '../policy/forms.ts';
import { meantBy } from '../policy/written.ts';
import { complain } from './output.ts';

/** The one address or network that was given; complains where there is none. */
export function readNetwork([text]: readonly string[]): string | undefined {
  const read = readSource(text ?? '');
  if (read.ok) return inShort(read.value);
  complain(mismatch(text === undefined ? 'nothing' : `"${text}"`, read.expected, meantBy(read)));
  return undefined;
}

/** An IPv6 address can be written in many ways: the shortest, as the gate writes it. */
export function inShort(network: string): string {
  const [address = '', ...bits] = network.split('/');
  if (!isIPv6(address)) return network;
  return [new SocketAddress({ address, family: 'ipv6' }).address, ...bits].join('/');
}
