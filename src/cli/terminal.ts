import { createInterface, type Interface } from 'node:readline';

/** Ctrl-C, or the end of the input. */
export class Interrupted extends Error {}

/** Questions to whoever sits there, on standard error so that standard output stays what it is. */
export class Terminal implements Disposable {
  readonly #lines: Interface = createInterface({ input: process.stdin, output: process.stderr });
  readonly #closed = Promise.withResolvers<never>();

  constructor() {
    this.#closed.promise.catch(() => {});
    this.#lines.once('close', () => this.#closed.reject(new Interrupted()));
  }

  /** What was typed, without blanks around it. */
  async ask(question: string): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#lines.question(question, resolve);
    return (await Promise.race([promise, this.#closed.promise])).trim();
  }

  [Symbol.dispose](): void {
    this.#lines.close();
  }
}
