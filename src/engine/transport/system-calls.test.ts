import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { batchesOfThread } from './system-calls.ts';

/** In a process that has what it says. */
function elsewhere(first: string) {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `${first}
      const said = [];
      const log = { info() {}, error() {}, warn: ({ why }, text) => said.push([why, text]) };
      const { batchesOfThread } = await import(${JSON.stringify(new URL('system-calls.ts', import.meta.url))});
      const batches = [await batchesOfThread(log), await batchesOfThread(log)];
      console.log(JSON.stringify({ said, none: batches.every((one) => one === undefined) }));`,
    ],
    { encoding: 'utf8' },
  );
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

describe.runIf(process.platform === 'linux')('the calls for many datagrams', () => {
  test('are there on Linux, once for all sockets of the thread, and nothing is said', async () => {
    const said: string[] = [];
    const note = (_fields: object, text: string) => void said.push(text);
    const log = { info: note, warn: note, error: note };
    const batches = await batchesOfThread(log);
    expect(batches).toBeDefined();
    expect(await batchesOfThread(log)).toBe(batches);
    expect(said).toEqual([]);
  });

  test.each([
    [
      'a machine that they were not written for',
      `Object.defineProperty(process, 'arch', { value: 's390x' });`,
      'not made for linux on s390x',
    ],
    [
      'a system that does not have them',
      `Object.defineProperty(process, 'platform', { value: 'darwin' });`,
      'not made for darwin on',
    ],
    [
      'an installation without the part that is made for the machine',
      `import { registerHooks } from 'node:module';
      registerHooks({ resolve(name, context, next) {
        if (name.includes('koromix')) throw new Error('not installed');
        return next(name, context);
      } });`,
      'not installed',
    ],
  ])('are missed on %s, which is said once', (_where, first, why) => {
    const { said, none } = elsewhere(first);
    expect(none).toBe(true);
    expect(said).toEqual([
      [expect.stringContaining(why), 'datagrams are read and sent one by one, which costs more'],
    ]);
  });
});
