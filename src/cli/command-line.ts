import { parseArgs } from 'node:util';
import { nearMiss } from '../config/near-miss.ts';
import { CannotAsk } from '../control/ask.ts';
import { asTheGateRuns } from './as-the-gate-runs.ts';
import { block } from './block.ts';
import { blocks } from './blocks.ts';
import { check } from './check.ts';
import type { Command, ExitCode, Given } from './command.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { events } from './events.ts';
import { exception } from './exception.ts';
import { explain } from './explain.ts';
import { WrongSettings } from './good-settings.ts';
import { guard } from './guard.ts';
import { guards } from './guards.ts';
import { handOver } from './hand-over.ts';
import { hangup } from './hangup.ts';
import { helpCommand, helpFor, overview } from './help.ts';
import { init } from './init.ts';
import { lists } from './lists.ts';
import { notify } from './notify.ts';
import { complain, mindOutput, print } from './output.ts';
import { pin } from './pin.ts';
import { reload } from './reload.ts';
import { replay } from './replay.ts';
import { report } from './report.ts';
import { rules } from './rules.ts';
import { run } from './run.ts';
import { schema } from './schema.ts';
import { complainOf } from './show-problems.ts';
import { status } from './status.ts';
import { test } from './test.ts';
import { unblock } from './unblock.ts';
import { unguard } from './unguard.ts';
import { version } from './version.ts';

const described = [
  init,
  demo,
  run,
  check,
  reload,
  handOver,
  explain,
  rules,
  test,
  replay,
  blocks,
  block,
  unblock,
  guards,
  guard,
  unguard,
  lists,
  notify,
  exception,
  pin,
  status,
  doctor,
  report,
  events,
  hangup,
  schema,
  version,
];
const commands: readonly Command[] = [...described, helpCommand(described)];

/** Does what the words say, and returns the exit code. */
export async function runCommandLine(words: readonly string[]): Promise<ExitCode> {
  const [first, ...rest] = words;
  // The gate itself serves on whatever becomes of its output.
  if (first !== run.name) mindOutput();
  if (first === undefined) {
    complain(overview(commands));
    return 2;
  }
  const name = { '--help': 'help', '-h': 'help', '--version': 'version' }[first] ?? first;
  const command = commands.find((known) => known.name === name);
  if (!command) {
    const names = commands.map((known) => known.name);
    complain(
      unknown(`the command "${first}"`, nearMiss(first, names), `one of ${names.join(', ')}`),
    );
    return 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    print(helpFor(command));
    return 0;
  }
  const understood = understand(command, rest);
  if (!understood.ok) {
    for (const problem of understood.problems) complain(problem);
    complain(`See drawbridge ${command.name} --help.`);
    return 2;
  }
  const { given } = understood;
  try {
    return await command.run(command.asTheGateRuns ? await asTheGateRuns(command, given) : given);
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
    }
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
