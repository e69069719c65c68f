import { isIP } from 'node:net';
import { type Environment, environment } from './environment.ts';

/** Where whoever runs this sits, when that is known: behind SSH. */
export function operatorAddresses(variables: Environment = environment()): readonly string[] {
  const { SSH_CONNECTION: connection, SSH_CLIENT: client } = variables;
  const [address = ''] = (connection ?? client ?? '').split(' ');
  const [plain = ''] = address.replace(/^::ffff:(?=\d+\.)/i, '').split('%');
  return isIP(plain) === 0 ? [] : [plain];
}

/** More than ever run one gate. */
const most = 32;

/** Where operators have been: who has once told the gate something is not to be shut out by a file that changes. */
export class Operators {
  readonly #known: Set<string>;

  constructor(known: readonly string[]) {
    this.#known = new Set(known);
  }

  get known(): readonly string[] {
    return [...this.#known];
  }

  /** All of them, and these from now on. */
  with(more: readonly string[] = []): readonly string[] {
    for (const address of more) if (this.#known.size < most) this.#known.add(address);
    return this.known;
  }
}
