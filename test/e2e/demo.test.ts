import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, test } from 'vitest';
import { type Background, startBackground } from '../support/background-process.ts';

const checkout = fileURLToPath(new URL('../../', import.meta.url));

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** What it leaves behind would be in the folder. */
function startDemo(): { demo: Background; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-demo-'));
  folders.push(folder);
  const environment = { NO_COLOR: '1', TMPDIR: folder };
  const words = ['src/main.ts', 'demo'];
  const demo = startBackground('drawbridge demo', process.execPath, words, {
    ...{ cwd: checkout, environment },
  });
  return { demo, folder };
}

// both at once: they wait most of the time
test.concurrent('the demo shows calls that pass and attacks that are stopped, each with its reason', async ({
  expect,
}) => {
  const { demo, folder } = startDemo();
  const { code } = await demo.ended();
  const output = demo.output();
  expect(output).not.toContain('WRONG');
  expect(output.match(/^ {2}passes .*$/gm)).toHaveLength(5);
  expect(output.match(/^ {2}stopped .*$/gm)).toHaveLength(10);
  for (const reason of ['scanner', 'locked-out', 'class-blocked', 'calls-too-frequent'])
    expect(output).toContain(`${reason}: `);
  expect(output).toMatch(
    /5 things that people do passed, 10 attacks were stopped, [1-9]\d* addresses/,
  );
  expect(code).toBe(0);
  expect(readdirSync(folder)).toEqual([]);
}, 120_000);

test.concurrent('Ctrl-C ends all that it has started', async ({ expect }) => {
  const { demo, folder } = startDemo();
  await demo.prints('Anna calls Ben', 60_000);
  demo.signal('SIGINT');
  const { code } = await demo.ended();
  expect(demo.output()).toContain('Broken off. Everything that was started is ended.');
  expect(code).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
}, 120_000);
