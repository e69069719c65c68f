import { canaryOf, type NetworkSet, nameOf } from './block-sets.ts';
import { type Nft, runNft } from './nft.ts';
import { NftShell } from './nft-shell.ts';
import { counterOf, type DroppedBy, droppedBy, type Ruleset } from './ruleset.ts';

/** Beyond, a transaction of its own is quicker than a line typed to the child. */
const MOST_BY_SHELL = 64;

export interface Listing {
  /** The table as nft tells it, without what is in the sets and without what was counted. */
  readonly rules: string;
  readonly counters: ReadonlyMap<DroppedBy, number>;
  readonly tookMs: number;
}

/** What is in a set, and how many packets each met. */
export interface Counted {
  readonly packets: ReadonlyMap<string, number>;
  readonly tookMs: number;
}

/** Our one table in the kernel, by way of nft. Nothing here rejects: what went wrong is an answer. */
export class KernelTable {
  readonly name: string;
  readonly #shell: NftShell;

  /** `died` is told when the child for single changes ends without having been asked to. */
  constructor(name: string, died: () => void) {
    this.name = name;
    this.#shell = new NftShell(died);
  }

  /** Whether we may at all. */
  probe(): Promise<Nft> {
    return transaction([`add table inet ${this.name}`]);
  }

  /** All of it anew. Between the old one and the new one no packet finds none. */
  install({ text }: Ruleset, sets: readonly NetworkSet[], elements: Iterable<string>) {
    const { name } = this;
    return transaction(
      (function* () {
        yield* [`add table inet ${name}`, `delete table inet ${name}`, text];
        yield* canaries('add', name, sets);
        yield* elements;
      })(),
    );
  }

  /** Other rules; what is in the sets stays, and what was counted. */
  reshape(before: Ruleset, { text }: Ruleset, sets: readonly NetworkSet[]): Promise<Nft> {
    return transaction([
      `flush table inet ${this.name}`,
      ...before.chains.map((chain) => `delete chain inet ${this.name} ${chain}`),
      ...before.meters.map((meter) => `delete set inet ${this.name} ${meter}`),
      text,
      ...canaries('add', this.name, sets),
    ]);
  }

  /** All of these or none. Says what was wrong. */
  async change(commands: readonly string[]): Promise<string> {
    const few = commands.length <= MOST_BY_SHELL && commands.every(({ length }) => length < 2000);
    if (few && !this.#shell.useless) {
      const problem = await this.#shell.run(commands.join('; '));
      if (!this.#shell.useless) return problem;
    }
    const { ok, problem } = await transaction(commands);
    return ok ? '' : problem;
  }

  /** The rules as they are now; undefined when they cannot be read, or are no longer there. */
  async list(): Promise<Listing | undefined> {
    // of all that nft can list, this alone does not read every element first
    const { ok, output, tookMs } = await runNft(['--terse', 'list', 'ruleset', 'inet']);
    const begin = output.indexOf(`table inet ${this.name} {\n`);
    const end = output.indexOf('\n}\n', begin);
    if (!ok || begin < 0 || end < 0) return undefined;
    const table = output.slice(begin, end);
    const counters = new Map(
      droppedBy.map((by) => {
        const found = new RegExp(`counter ${counterOf(by)} \\{\\s+packets (\\d+)`).exec(table);
        return [by, Number(found?.[1] ?? 0)];
      }),
    );
    return { rules: table.replace(/packets \d+ bytes \d+/g, ''), counters, tookMs };
  }

  /** Is in each set what nobody but somebody else can have taken out? */
  async hasCanaries(sets: readonly NetworkSet[]): Promise<boolean> {
    const commands = [...canaries('create', this.name, sets)];
    const problems = await Promise.all(commands.map((one) => this.change([one])));
    return problems.every((problem) => problem.includes('File exists'));
  }

  async count(set: NetworkSet): Promise<Counted | undefined> {
    const listed = await runNft(['list', 'set', 'inet', this.name, nameOf(set)]);
    if (!listed.ok) return undefined;
    const packets = new Map<string, number>();
    for (const [, element = '', count] of listed.output.matchAll(
      /([0-9a-f.:]+) counter packets (\d+)/g,
    ))
      packets.set(element, Number(count));
    return { packets, tookMs: listed.tookMs };
  }

  remove(): Promise<Nft> {
    return transaction([`add table inet ${this.name}`, `delete table inet ${this.name}`]);
  }

  close(): void {
    this.#shell.close();
  }
}

/** All of it or nothing. */
function transaction(commands: Iterable<string>): Promise<Nft> {
  return runNft(
    ['-f', '-'],
    Iterator.from(commands).map((command) => `${command}\n`),
  );
}

function* canaries(
  verb: 'add' | 'create',
  table: string,
  sets: readonly NetworkSet[],
): Generator<string> {
  for (const set of sets) {
    const canary = canaryOf(set);
    if (canary === undefined) continue;
    yield `${verb} element inet ${table} ${nameOf(set)} { ${canary} }`;
  }
}
