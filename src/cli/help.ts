import { nearMiss } from '../config/near-miss.ts';
import { mismatch } from '../config/problem.ts';
import type { Command, Flag } from './command.ts';
import { complain, print, styled, table } from './output.ts';

/** The overview: every command in a line. */
export function overview(commands: readonly Command[]): string {
  return [
    `${styled('bold', 'drawbridge')} <command> [flags]   the gate in front of a PBX`,
    '',
    table(
      commands.map(({ name, operands, summary }) => [
        operands ? `${name} ${operands}` : name,
        summary,
      ]),
    ),
    '',
    '  drawbridge <command> --help   its flags',
    '  drawbridge help settings      every setting, its default and its environment variable',
    '',
    'Exit codes: 0 done, 1 a problem (it is said on standard error), 2 the command line was not understood.',
  ].join('\n');
}

/** One command whole. */
export function helpFor(command: Command): string {
  const { name, operands, summary, flags, details, asTheGateRuns } = command;
  const entries: [string, Flag][] = Object.entries(flags);
  return [
    `${styled('bold', `drawbridge ${name}`)}${operands ? ` ${operands}` : ''}${entries.length > 0 ? ' [flags]' : ''}   ${summary}`,
    ...(entries.length > 0
      ? [
          '',
          table(
            entries.map(([flag, { value, help }]) => [
              `--${flag}${value ? ` ${value}` : ''}`,
              help,
            ]),
          ),
        ]
      : []),
    ...(details ? ['', details] : []),
    ...(asTheGateRuns
      ? [
          '',
          'Told of no settings, it takes those that the gate which runs with this data was started with: its flags, its variables,',
          'its folders, and relative paths from where it stands. --set refines them; other flags, and variables that name other',
          'folders, are taken in their place.',
        ]
      : []),
  ].join('\n');
}

/** Every key of the settings, with what it does. */
async function settingsHelp(): Promise<string> {
  const { knownKeys, variableFor } = await import('../config/schema-keys.ts');
  const blocks = knownKeys().map(({ key, description, default: standard }) => {
    const shown =
      standard === undefined ? '' : `  ${styled('gray', `default ${JSON.stringify(standard)}`)}`;
    return `${styled('bold', key)}${shown}\n  ${description}\n  ${styled('gray', variableFor(key.replaceAll('[]', '0')))}`;
  });
  return [
    'Each key stands in a file of routes/ or policies/, and can be given as --set KEY=VALUE or by its variable.',
    'Flags win over variables, variables over files. [] is the number of an entry, from 0; <name> one of yours.',
    '',
    blocks.join('\n'),
  ].join('\n');
}

/** `help`, made with what loads every command, itself included. */
export function helpCommand(allCommands: () => Promise<readonly Command[]>): Command {
  return {
    name: 'help',
    summary: 'this, a command in detail, or every setting',
    operands: '[command|settings]',
    mostOperands: 1,
    flags: {},
    async run({ rest: [topic] }) {
      const all = await allCommands();
      const command = all.find(({ name }) => name === topic);
      if (topic === undefined) print(overview(all));
      else if (topic === 'settings') print(await settingsHelp());
      else if (command) print(helpFor(command));
      else {
        const topics = ['settings', ...all.map(({ name }) => name)];
        complain(mismatch(`"${topic}"`, `one of ${topics.join(', ')}`, nearMiss(topic, topics)));
        return 2;
      }
      return 0;
    },
  };
}
