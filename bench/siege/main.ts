import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { reasonOf } from '../../src/config/reason-of.ts';
import { buildLoadGenerator, startUas } from '../load-generator.ts';
import { type Attack, attacks } from './attacks.ts';
import type { Besieged } from './besieged.ts';
import { attackerAt, GATE, openField } from './field.ts';
import { startGate } from './gate-under-siege.ts';
import { type Felt, HonestPhones } from './honest-phones.ts';
import { howBesieged } from './how-besieged.ts';
import { startKamailio } from './kamailio-under-siege.ts';
import { formatSieges, type Outcome, type Sent, type Siege } from './report.ts';

const usage = `npm run siege -- [options]      as root: it makes network namespaces of its own

  --short          a few attacks, seconds each: to see that it holds, not to measure
  --only WORDS     attacks whose names contain these words; may be said again for others
  --seconds N      how long each attack lasts; default 10
  --without-kernel the gate refuses at its own sockets only
  --beside WHOM    kamailio (Debian's): afterwards it stands in the gate's place, and the attacks are fought again
  --results FILE   where to write the figures; default: nowhere
  --list           the attacks
  --help
`;
const attacker = join(import.meta.dirname, 'attacker.ts');
/** The attack goes on for a moment before and after anybody counts what honest people feel. */
const LEAD_SECONDS = 1;
/** Counters come once a second, the kernel's every few; the short form tells of them and judges by none. */
const SETTLE_MS = { whole: 3000, short: 500 } as const;
/** Between one attack and the next. */
const PAUSE_MS = { whole: 2000, short: 1000 } as const;
/** Less, and the siege is lost; in the short form one call more or less is a per cent. */
const LEAST_SUCCESS = { whole: 0.99, short: 0.95 } as const;

type Form = keyof typeof LEAST_SUCCESS;

interface Battle {
  readonly outside: readonly string[];
  readonly generator: string;
  readonly edge: Besieged;
  readonly honest: HonestPhones;
  readonly seconds: number;
  readonly form: Form;
}

async function attack(battle: Battle, one: Attack, number: number): Promise<Outcome> {
  const { edge, honest, seconds, form } = battle;
  const before = await edge.look();
  const attacking = send(battle, one, number);
  await sleep(LEAD_SECONDS * 1000);
  const [felt, sent] = await Promise.all([honest.live(seconds), attacking]);
  await sleep(SETTLE_MS[form]);
  const after = await edge.look();
  return { attack: one, felt, sent, before, after };
}

async function send(
  { outside, generator, seconds }: Battle,
  one: Attack,
  number: number,
): Promise<Sent> {
  const [through = '', ...rest] = outside;
  const source = one.source ?? attackerAt(number);
  const lasting = String(seconds + 2 * LEAD_SECONDS);
  const words =
    one.flood === undefined
      ? [process.execPath, attacker, one.habit ?? '', GATE, source, lasting]
      : [
          generator,
          'blast',
          '--to',
          `${GATE}:5060`,
          '--source',
          source,
          '--seconds',
          lasting,
          ...one.flood,
        ];
  const child = spawn(through, [...rest, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.on('data', (text) => {
    printed += String(text);
  });
  await once(child, 'close');
  try {
    return { seconds: Number(lasting), ...JSON.parse(printed) };
  } catch {
    throw new Error(`the attacker of "${one.name}" ended without a word: ${printed}`);
  }
}

interface Plan {
  readonly chosen: readonly Attack[];
  readonly seconds: number;
  readonly form: Form;
}

async function besiege(
  startEdge: (pbxPort: number) => Promise<Besieged>,
  { chosen, seconds, form }: Plan,
): Promise<Siege> {
  const generator = buildLoadGenerator();
  // forged sources register nowhere: they hear no challenge
  const uas = await startUas(generator, ['--knows-users']);
  try {
    await using edge = await startEdge(uas.port);
    const outside = outsideWords();
    const honest = new HonestPhones(generator, outside);
    const battle: Battle = { outside, generator, edge, honest, seconds, form };
    await honest.register();
    tell(`${edge.name}, quiet: what honest people feel without any attack`);
    await honest.live(Math.min(seconds, 5)); // what is first needed is compiled
    const quiet: Felt = await honest.live(seconds);
    const outcomes: Outcome[] = [];
    for (const [number, one] of chosen.entries()) {
      tell(`${edge.name}: ${one.name}`);
      outcomes.push(await attack(battle, one, number));
      await sleep(PAUSE_MS[form]);
    }
    return { edge: edge.name, quiet, outcomes };
  } finally {
    await uas.stop();
  }
}

const tell = (text: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);

/** Set by ourselves, when we run ourselves in the gate's network. */
const INSIDE = 'SIEGE_OUTSIDE';
const outsideWords = (): readonly string[] => (process.env[INSIDE] ?? '').split(' ');

/** The siege is directed from the gate's network, so that its metrics are at hand. */
async function runInside(argv: readonly string[]): Promise<number> {
  const field = openField();
  try {
    const [through = '', ...rest] = field.inside;
    const child = spawn(through, [...rest, process.execPath, import.meta.filename, ...argv], {
      stdio: 'inherit',
      env: { ...process.env, [INSIDE]: field.outside.join(' ') },
    });
    const stop = () => void child.kill('SIGTERM');
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    const [code] = await once(child, 'close');
    return code ?? 1;
  } finally {
    field.close();
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      short: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      seconds: { type: 'string' },
      'without-kernel': { type: 'boolean', default: false },
      beside: { type: 'string' },
      results: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const words = values.only;
  const chosen = attacks.filter(
    ({ name, short }) =>
      (!values.short || short === true) &&
      (words === undefined || words.some((word) => name.includes(word))),
  );
  if (values.list) {
    for (const { name, what } of chosen) console.log(`${name.padEnd(34)} ${what}`);
    return 0;
  }
  const seconds = Number(values.seconds ?? (values.short ? 4 : 10));
  if (chosen.length === 0 || !(seconds >= 1 && seconds <= 600))
    throw new Error(`nothing to do: ${chosen.length} attacks of ${values.seconds} s\n\n${usage}`);
  if (values.beside !== undefined && values.beside !== 'kamailio')
    throw new Error(`--beside: kamailio, not ${values.beside}`);
  if (process.env[INSIDE] === undefined) return runInside(argv);
  const form: Form = values.short ? 'short' : 'whole';
  const kernel = !values['without-kernel'];
  const plan = { chosen, seconds, form };
  const ofGate = await besiege((pbxPort) => startGate(pbxPort, kernel), plan);
  const sieges = [ofGate];
  if (values.beside !== undefined) {
    // it may die of it
    const beside = await besiege(startKamailio, plan).catch((problem: unknown) =>
      console.error(`kamailio: ${reasonOf(problem)}`),
    );
    if (beside !== undefined) sieges.push(beside);
  }
  const text = formatSieges(sieges, howBesieged(seconds, kernel));
  console.log(text);
  if (values.results !== undefined) writeFileSync(values.results, text);
  const least = LEAST_SUCCESS[form];
  const suffered = ofGate.outcomes.filter((outcome) => leastSuccess(outcome) < least);
  for (const outcome of suffered)
    console.error(
      `${outcome.attack.name}: only ${(leastSuccess(outcome) * 100).toFixed(2)} % of what honest people asked for worked`,
    );
  return suffered.length === 0 ? 0 : 1;
}

const leastSuccess = ({ felt: { calls, registrations } }: Outcome): number =>
  Math.min(calls.success, registrations.success);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (problem) {
  console.error(reasonOf(problem));
  process.exitCode = 1;
}
