import { fileURLToPath } from 'node:url';
import { startBackground } from './background-process.ts';

const checkout = fileURLToPath(new URL('../../', import.meta.url));

/** Runs the command line to its end, and says with which exit code and everything it printed. */
export async function drawbridge(
  ...words: readonly string[]
): Promise<{ readonly code: number | null; readonly output: string }> {
  const run = startBackground('drawbridge', process.execPath, ['src/main.ts', ...words], {
    cwd: checkout,
    environment: { NO_COLOR: '1' },
  });
  const { code } = await run.ended();
  return { code, output: run.output() };
}
