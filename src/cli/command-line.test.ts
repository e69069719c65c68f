import { expect, test } from 'vitest';
import type { Command } from './command.ts';
import { allCommands, commandNamed, understand } from './command-line.ts';
import { hangup } from './hangup.ts';
import { run } from './run.ts';
import { status } from './status.ts';

const problemsOf = (command: Command, ...words: string[]) => {
  const understood = understand(command, words);
  return understood.ok ? [] : understood.problems;
};

test('flags are read, repeated ones in order', () => {
  expect(understand(run, ['--pbx', 'sip:a', '--pbx=sip:b', '--data', 'd'])).toEqual({
    ok: true,
    given: { flags: { pbx: ['sip:a', 'sip:b'], data: 'd' }, rest: [] },
  });
});

test('operands are read', () => {
  expect(understand(hangup, ['abc@def', '--data', 'd'])).toEqual({
    ok: true,
    given: { flags: { data: 'd' }, rest: ['abc@def'] },
  });
});

test.each([
  ['an unknown flag, with a suggestion', run, ['--lsiten', 'x'], '(did you mean --listen?)'],
  ['a flag that lacks its value', run, ['--data'], '--data: found nothing after it, expected DIR'],
  ['a value that is empty', run, ['--data='], 'found nothing'],
  ['a value where none belongs', status, ['--json=yes'], '--json: found yes, expected no value'],
  ['a flag given twice', run, ['--data=a', '--data', 'b'], '--data: found a second time'],
  ['a word too many', status, ['now'], 'found "now", expected flags only'],
  ['a second operand', hangup, ['a', 'b'], 'found "b", expected only <call-id>'],
] as const)('refused: %s', (_what, command, words, said) => {
  expect(problemsOf(command, ...words)[0]).toContain(said);
});

test('everything that is wrong is said', () => {
  expect(problemsOf(run, '--lsiten=x', '--data')).toHaveLength(2);
});

test('each command is found by the name that its help says', async () => {
  for (const command of await allCommands())
    expect((await commandNamed(command.name))?.summary).toBe(command.summary);
});
