import { type ChildProcess, spawn } from 'node:child_process';
import { nftEnvironment } from './nft.ts';

/** It keeps every line in its history: a new one is begun before that is worth speaking of. */
const MOST_LINES = 10_000;
/** A line that the kernel takes longer for than this hangs. */
const PATIENCE_MS = 10_000;

const ENDED = 'nft -i ended';

interface Asked {
  readonly mark: string;
  readonly answered: (problem: string) => void;
}

/**
 * One `nft -i` that lives as long as we do, for single changes: a tenth of a millisecond each instead of three. It says
 * nothing when a line is done, so each is followed by one that it cannot understand and repeats in its complaint: what
 * it complains about before that belongs to the line.
 */
export class NftShell {
  readonly #died: () => void;
  #child: ChildProcess | undefined;
  #asked: Asked[] = [];
  #said = '';
  #lines = 0;
  #answered = false;
  #useless = false;
  #closed = false;

  /** `died` is told when it ends without having been asked to, unless it is useless. */
  constructor(died: () => void) {
    this.#died = died;
  }

  /** It ended before it did anything: some are built without. */
  get useless(): boolean {
    return this.#useless;
  }

  /** What was wrong with the line, one transaction; empty when nothing was. Begins a new child where there is none. */
  run(line: string): Promise<string> {
    if (this.#lines >= MOST_LINES && this.#asked.length === 0) this.#end();
    const child = this.#child ?? this.#begin();
    const mark = `done ${++this.#lines}`;
    return new Promise((resolve) => {
      const tooLong = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      const answered = (problem: string): void => {
        clearTimeout(tooLong);
        resolve(problem);
      };
      this.#asked.push({ mark, answered });
      child.stdin?.write(`${line}\n${mark}\n`);
    });
  }

  close(): void {
    this.#closed = true;
    this.#end();
  }

  #begin(): ChildProcess {
    // not ours to have interrupted at a terminal
    const stdio = ['pipe', 'ignore', 'pipe'] as const;
    const child = spawn('nft', ['-i'], {
      stdio: [...stdio],
      env: nftEnvironment(),
      detached: true,
    });
    this.#child = child;
    this.#said = '';
    this.#lines = 0;
    child.stdin?.on('error', () => {}); // its end says so too
    child.stderr?.on('data', (chunk: Buffer) => this.#hear(chunk.toString()));
    const gone = (): void => {
      if (this.#child !== child) return;
      this.#child = undefined;
      for (const { answered } of this.#asked.splice(0)) answered(ENDED);
      this.#useless = !this.#answered;
      if (!this.#closed && !this.#useless) this.#died();
    };
    child.on('error', gone);
    child.on('close', gone);
    return child;
  }

  /** It reads to the end of what it was told, and goes. */
  #end(): void {
    const child = this.#child;
    this.#child = undefined;
    child?.stdin?.end();
    for (const { answered } of this.#asked.splice(0)) answered(ENDED);
  }

  #hear(text: string): void {
    this.#said += text;
    for (let first = this.#asked[0]; first !== undefined; first = this.#asked[0]) {
      const at = this.#said.indexOf(`\n${first.mark}\n`);
      if (at < 0) return;
      const before = this.#said.slice(0, at);
      this.#said = this.#said.slice(at + first.mark.length + 2);
      this.#asked.shift();
      this.#answered = true;
      first.answered(complaintIn(before));
    }
  }
}

/** Without the first line of the complaint about the mark, and without the pointer at the mark before. */
function complaintIn(text: string): string {
  const lines = text.split('\n').filter((line) => !/^[\s^~-]*$/.test(line));
  return lines.slice(0, -1).join('\n');
}
