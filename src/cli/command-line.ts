import { parseArgs } from 'node:util';
import { nearMiss } from '../config/near-miss.ts';
import { CannotAsk } from '../control/ask.ts';
import type { Command, ExitCode, Given } from './command.ts';
import { helpCommand, helpFor, overview } from './help.ts';
import { advise, complain, mindOutput, print, printComplaints } from './output.ts';
import { complainOf } from './show-problems.ts';
import { WrongSettings } from './wrong-settings.ts';

/** By their words, in the order of the help. Only the one asked for is loaded: to load the others takes longer than most run. */
const described: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['init', async () => (await import('./init.ts')).init],
  ['demo', async () => (await import('./demo.ts')).demo],
  ['run', async () => (await import('./run.ts')).run],
  ['check', async () => (await import('./check.ts')).check],
  ['reload', async () => (await import('./reload.ts')).reload],
  ['hand-over', async () => (await import('./hand-over.ts')).handOver],
  ['explain', async () => (await import('./explain.ts')).explain],
  ['rules', async () => (await import('./rules.ts')).rules],
  ['test', async () => (await import('./test.ts')).test],
  ['replay', async () => (await import('./replay.ts')).replay],
  ['blocks', async () => (await import('./blocks.ts')).blocks],
  ['block', async () => (await import('./block.ts')).block],
  ['unblock', async () => (await import('./unblock.ts')).unblock],
  ['guards', async () => (await import('./guards.ts')).guards],
  ['guard', async () => (await import('./guard.ts')).guard],
  ['unguard', async () => (await import('./unguard.ts')).unguard],
  ['lists', async () => (await import('./lists.ts')).lists],
  ['notify', async () => (await import('./notify.ts')).notify],
  ['exception', async () => (await import('./exception.ts')).exception],
  ['pin', async () => (await import('./pin.ts')).pin],
  ['status', async () => (await import('./status.ts')).status],
  ['doctor', async () => (await import('./doctor.ts')).doctor],
  ['report', async () => (await import('./report.ts')).report],
  ['events', async () => (await import('./events.ts')).events],
  ['hangup', async () => (await import('./hangup.ts')).hangup],
  ['schema', async () => (await import('./schema.ts')).schema],
  ['version', async () => (await import('./version.ts')).version],
]);
const help = 'help';
const names: readonly string[] = [...described.keys(), help];

/** The command of that name, if there is one. */
export async function commandNamed(name: string): Promise<Command | undefined> {
  return name === help ? helpCommand(allCommands) : await described.get(name)?.();
}

/** Every one there is. */
export async function allCommands(): Promise<readonly Command[]> {
  const commands = await Promise.all([...described.values()].map((load) => load()));
  return [...commands, helpCommand(allCommands)];
}

/** Does what the words say, and returns the exit code. */
export async function runCommandLine(words: readonly string[]): Promise<ExitCode> {
  const [first, ...rest] = words;
  // The gate itself serves on whatever becomes of its output.
  if (first !== 'run') mindOutput();
  if (first === undefined) {
    complain(overview(await allCommands()));
    return 2;
  }
  const name = { '--help': help, '-h': help, '--version': 'version' }[first] ?? first;
  const command = await commandNamed(name);
  if (!command) {
    complain(
      unknown(`the command "${first}"`, nearMiss(first, names), `one of ${names.join(', ')}`),
    );
    return 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    print(helpFor(command));
    return 0;
  }
  const code = await runCommand(command, rest);
  if (code !== 0 && command.flags.json !== undefined && rest.includes('--json')) printComplaints();
  return code;
}

async function runCommand(command: Command, words: readonly string[]): Promise<ExitCode> {
  const understood = understand(command, words);
  if (!understood.ok) {
    for (const problem of understood.problems) complain(problem);
    advise(`See drawbridge ${command.name} --help.`);
    return 2;
  }
  const { given } = understood;
  try {
    if (!command.asTheGateRuns) return await command.run(given);
    const { asTheGateRuns } = await import('./as-the-gate-runs.ts');
    return await command.run(await asTheGateRuns(command, given));
  } catch (error) {
    if (error instanceof CannotAsk) complain(error.message);
    else if (error instanceof WrongSettings) complainOf(error.problems);
    else throw error;
    return 1;
  }
}

type Understood =
  | { readonly ok: true; readonly given: Given }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads flags and operands, and names every one that does not fit. */
export function understand(
  { flags, mostOperands, operands }: Command,
  words: readonly string[],
): Understood {
  const { values, positionals, tokens } = parseArgs({
    args: [...words],
    options: flags,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const names = Object.keys(flags);
  const problems: string[] = [];
  const once = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const flag = flags[token.name];
    if (!flag) {
      const meant = nearMiss(token.name, names);
      problems.push(
        unknown(
          `the flag ${token.rawName}`,
          meant === undefined ? undefined : `--${meant}`,
          names.length > 0 ? `one of ${names.map((known) => `--${known}`).join(', ')}` : 'none',
        ),
      );
    } else if (flag.type === 'string' && (token.value === undefined || token.value === '')) {
      problems.push(`--${token.name}: found nothing after it, expected ${flag.value}`);
    } else if (flag.type === 'boolean' && token.value !== undefined) {
      problems.push(`--${token.name}: found ${token.value}, expected no value`);
    } else if (flag.type === 'string' && flag.multiple !== true && once.has(token.name)) {
      // the last would count, and whoever reads the line from its beginning takes the first
      problems.push(`--${token.name}: found a second time, expected once`);
    }
    once.add(token.name);
  }
  for (const extra of positionals.slice(mostOperands)) {
    problems.push(`found "${extra}", expected ${operands ? `only ${operands}` : 'flags only'}`);
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, given: { flags: definedOnly(values), rest: positionals } };
}

function definedOnly(values: Readonly<Record<string, unknown>>): Given['flags'] {
  const given: Record<string, string | boolean | readonly string[]> = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string' || typeof value === 'boolean') given[name] = value;
    else if (Array.isArray(value)) given[name] = value.map(String);
  }
  return given;
}

function unknown(what: string, meant: string | undefined, expected: string): string {
  return `found ${what}, expected ${expected}${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
}
