import { mismatch } from '../config/problem.ts';
import { canonicalNetwork } from '../limits/address-key.ts';
import { readSource } from '../policy/forms.ts';
import { meantBy } from '../policy/written.ts';
import { complain } from './output.ts';

/** The one address or network that was given, as the gate writes it; complains where there is none. */
export function readNetwork([text]: readonly string[]): string | undefined {
  const read = readSource(text ?? '');
  if (read.ok) return canonicalNetwork(read.value);
  complain(mismatch(text === undefined ? 'nothing' : `"${text}"`, read.expected, meantBy(read)));
  return undefined;
}
