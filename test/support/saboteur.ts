import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const SABOTAGE = fileURLToPath(new URL('./sabotage.ts', import.meta.url));

/** Orders what `sabotage.ts` does to a gate that is started with this environment. */
export class Saboteur {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sabotage-'));
  readonly #file = join(this.#folder, 'orders');

  constructor() {
    this.stop();
  }

  get environment(): NodeJS.ProcessEnv {
    return { SABOTAGE: this.#file, NODE_OPTIONS: `--import=${SABOTAGE}` };
  }

  /** Resolves once the thread that it concerns has read it, and does so. */
  async order(words: string): Promise<void> {
    const plane = words.startsWith('control') ? 'control' : 'data';
    const read = `${this.#file}.${plane}`;
    writeFileSync(this.#file, words);
    await expect.poll(() => existsSync(read) && readFileSync(read, 'utf8')).toBe(words);
  }

  /** Nothing is done to a gate that starts now. */
  stop(): void {
    writeFileSync(this.#file, '');
  }

  leave(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
