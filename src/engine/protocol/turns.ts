import type { ProgramConnection } from './connection.ts';

interface Queue {
  readonly programs: ProgramConnection[];
  next: number;
}

/** Who asked for which method or kind of call record, and whose turn it is. */
export class Turns {
  readonly #queues = new Map<string, Queue>();

  /** For one that has not asked for it yet: who stood here twice would have two shares. */
  add(verb: string, program: ProgramConnection): void {
    const queue = this.#queues.get(verb);
    if (queue === undefined) this.#queues.set(verb, { programs: [program], next: 0 });
    else queue.programs.push(program);
  }

  remove(verb: string, program: ProgramConnection): void {
    const queue = this.#queues.get(verb);
    const at = queue?.programs.indexOf(program) ?? -1;
    if (queue === undefined || at < 0) return;
    queue.programs.splice(at, 1);
    if (at < queue.next) queue.next--;
    if (queue.programs.length === 0) this.#queues.delete(verb);
  }

  /** The next in turn that suits. */
  next(
    verb: string,
    suits: (program: ProgramConnection) => boolean,
  ): ProgramConnection | undefined {
    const queue = this.#queues.get(verb);
    if (queue === undefined) return undefined;
    const { programs } = queue;
    for (let step = 0; step < programs.length; step++) {
      const at = (queue.next + step) % programs.length;
      const program = programs[at];
      if (program === undefined || !suits(program)) continue;
      queue.next = (at + 1) % programs.length;
      return program;
    }
    return undefined;
  }
}
