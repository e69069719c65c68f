import { type ClientResult, startClient } from '../load-generator.ts';
import { GATE, HONEST } from './field.ts';

const USERS = '200';
const SOCKETS = 64;
/** Ports of the phones that register, and of those that call: each by users of their own. */
const REGISTERING = { port: 20_000, firstUser: 0 };
const CALLING = { port: 21_000, firstUser: 1000 };
/** Where a datagram of theirs comes from. */
export const honestPorts: readonly number[] = [REGISTERING, CALLING].flatMap(({ port }) =>
  Array.from({ length: SOCKETS }, (_, at) => port + at),
);
const REGISTERS_A_SECOND = '40';
const CALLS_A_SECOND = '20';
const HOLD_MS = '500';

/** What honest people felt. */
export interface Felt {
  readonly registrations: ClientResult;
  readonly calls: ClientResult;
}

/** Two hundred phones that refresh their registrations, and two hundred that call, all from one address. */
export class HonestPhones {
  readonly #generator: string;
  readonly #outside: readonly string[];

  constructor(generator: string, outside: readonly string[]) {
    this.#generator = generator;
    this.#outside = outside;
  }

  /** Everybody is registered when this resolves. */
  async register(): Promise<void> {
    for (const phones of [REGISTERING, CALLING]) {
      const all = ['--window', '8', '--count', USERS, '--seconds', '20'];
      const { success } = await this.#run('reg', phones, all);
      if (success < 1)
        throw new Error(
          `before any attack ${((1 - success) * 100).toFixed(1)} % could not register`,
        );
    }
  }

  /** For so many seconds, beside whatever else goes on. */
  async live(seconds: number): Promise<Felt> {
    const lasting = ['--seconds', String(seconds), '--drain', '8'];
    const [registrations, calls] = await Promise.all([
      this.#run('reg', REGISTERING, ['--rate', REGISTERS_A_SECOND, ...lasting]),
      this.#run('call', CALLING, ['--rate', CALLS_A_SECOND, '--hold', HOLD_MS, ...lasting]),
    ]);
    return { registrations, calls };
  }

  #run(
    mode: string,
    { port, firstUser }: typeof CALLING,
    words: readonly string[],
  ): Promise<ClientResult> {
    const [through = '', ...rest] = this.#outside;
    const to = ['--to', `${GATE}:5060`, '--bind', `${HONEST}:${port}`];
    const users = [
      '--users',
      USERS,
      '--first-user',
      String(firstUser),
      '--sockets',
      String(SOCKETS),
    ];
    const args = [...rest, this.#generator, mode, ...to, ...users, ...words];
    return startClient(through, args).result;
  }
}
