import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { commandNamed, understand } from '../../src/cli/command-line.ts';
import { knownKeys } from '../../src/config/schema-keys.ts';
import { catalogue } from '../../src/control/metrics/catalogue.ts';
import { eventKinds } from '../../src/edge/event-kinds.ts';
import { reasons } from '../../src/policy/reasons.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
// the changelog tells of what is no more
const pages = globSync(['*.md', 'docs/*.md', 'prometheus/*.yml'], { cwd: root }).filter(
  (page) => page !== 'CHANGELOG.md',
);
const read = (page: string): string => readFileSync(join(root, page), 'utf8');

/** What stands in `…`, and the lines of blocks for a shell. */
function codeOf(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) =>
    block.replaceAll('\\\n', ' ').split('\n'),
  );
  const spans = text.replace(/^```.*?^```/gms, '').matchAll(/`([^`\n]+)`/g);
  return [...blocks, ...[...spans].map(([, span = '']) => span)];
}

/** The words behind `drawbridge`, where a code is such a command. */
function commandOf(code: string): readonly string[] | undefined {
  const [, line] =
    /^(?:npm run -s drawbridge --|drawbridge) ([a-z].*)$/.exec(code.replace(/ +# .*$/, '')) ?? [];
  return line?.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', ''));
}

async function whyNot([name = '', ...words]: readonly string[]): Promise<string | undefined> {
  const command = await commandNamed(name);
  if (command === undefined) return `there is no command ${name}`;
  if (words.includes('--help')) return undefined;
  const understood = understand(command, words);
  if (!understood.ok) return `${name}: ${understood.problems.join('; ')}`;
  const { kind, reason } = understood.given.flags;
  if (kind !== undefined && !eventKinds.some((one) => one === kind)) return `no kind ${kind}`;
  return reason === undefined || String(reason) in reasons ? undefined : `no reason ${reason}`;
}

async function wrongCommands(text: string): Promise<readonly string[]> {
  const commands = codeOf(text).flatMap((code) => {
    const words = commandOf(code);
    return words === undefined ? [] : [words];
  });
  return (await Promise.all(commands.map(whyNot))).filter((why) => why !== undefined);
}

const keys = knownKeys().map(({ key }) => key.replaceAll('.[]', '').split('.'));
const endings = /\.(?:ya?ml|ts|js|md|db|jsonl|json|key|conf|csv|sh|service|sock|pid|lock|org|com)$/;

/** `network.stealth.domains`, or the end of such a key: `keepAlive.by`. */
function isKey(dotted: string): boolean {
  const names = dotted.split('.');
  return keys.some((key) =>
    key.some((_, at) => names.every((name, n) => key[at + n] === name || key[at + n] === '<name>')),
  );
}

const wrongKeys = (text: string): readonly string[] =>
  codeOf(text).filter((code) => {
    const [, dotted = ''] =
      /^([a-z][A-Za-z-]*(?:\.[a-z][A-Za-z0-9-]*)+)(?:: .*)?$/.exec(code) ?? [];
    return dotted !== '' && !endings.test(dotted) && !isKey(dotted);
  });

const metrics = new Set(catalogue.flatMap(({ metrics: some }) => some.map(({ name }) => name)));
const wrongMetrics = (text: string): readonly string[] =>
  [...text.matchAll(/\bdrawbridge_[a-z_]+/g)]
    .map(([name]) => name)
    .filter(
      (name) => !metrics.has(name) && !metrics.has(name.replace(/_(?:bucket|sum|count)$/, '')),
    );

describe.each(pages)('%s', (page) => {
  test('names commands, keys and metrics that there are', async () => {
    const text = read(page);
    expect({
      commands: await wrongCommands(text),
      keys: wrongKeys(text),
      metrics: wrongMetrics(text),
    }).toEqual({ commands: [], keys: [], metrics: [] });
  });
});

test('it notices what there is not', async () => {
  const text =
    '`drawbridge evnets`, `drawbridge events --knd x`, `drawbridge events --kind none`, `outbound.no-guest: x`, `drawbridge_nope`';
  expect(await wrongCommands(text)).toHaveLength(3);
  expect(wrongKeys(text)).toEqual(['outbound.no-guest: x']);
  expect(wrongMetrics(text)).toEqual(['drawbridge_nope']);
});

test('it reads what there is', () => {
  expect(pages.flatMap((page) => codeOf(read(page)).filter(commandOf)).length).toBeGreaterThan(60);
});
