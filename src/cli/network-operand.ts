import { mismatch } from '../config/problem.ts';
import { formatNetwork, parseNetwork } from '../limits/address-key.ts';
import { readSource } from '../policy/forms.ts';
import { meantBy } from '../policy/written.ts';
import { complain } from './output.ts';

/** The one address or network that was given; complains where there is none. */
export function readNetwork([text]: readonly string[]): string | undefined {
  const read = readSource(text ?? '');
  if (read.ok) return asTheGateWrites(read.value);
  complain(mismatch(text === undefined ? 'nothing' : `"${text}"`, read.expected, meantBy(read)));
  return undefined;
}

/** An address or network can be written in many ways, and is looked for as the gate wrote it. */
export function asTheGateWrites(network: string): string {
  const parsed = parseNetwork(network);
  return parsed === undefined ? network : formatNetwork(parsed);
}
