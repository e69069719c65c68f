import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchAsterisk } from '../scripts/fetch-asterisk.ts';
import { counted, print, styled } from '../src/cli/output.ts';
import { reasonOf } from '../src/config/reason-of.ts';
import { asteriskFolder } from '../test/support/asterisk/unpacked.ts';
import { attacks } from './attacks.ts';
import { afterwards, calls } from './calls.ts';
import type { Scene } from './scene.ts';
import { buildTown, type Town } from './town.ts';

/** The whole play. Says how it ended by the exit code: 1 when something was not as it should be, or it was broken off. */
export async function demo(): Promise<0 | 1> {
  const begunAt = performance.now();
  const broken = new AbortController();
  const breakOff = (): void => broken.abort(new Error('broken off'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, breakOff);
  try {
    // what an operator has set for a gate of his own is not for this one
    for (const name of Object.keys(process.env))
      if (name.startsWith('DRAWBRIDGE_')) delete process.env[name];
    takeAsterisk();
    print('An Asterisk, the gate, two phones and a carrier start …');
    await using town = await buildTown(broken.signal);
    introduce(town);
    const wrong = await playAll(town, [...calls, ...attacks, ...afterwards], broken.signal);
    if (broken.signal.aborted) return 1;
    await sumUp(town, wrong, Math.round((performance.now() - begunAt) / 1000));
    return wrong === 0 ? 0 : 1;
  } catch (error) {
    if (!broken.signal.aborted) throw error;
    return 1;
  } finally {
    if (broken.signal.aborted) print('Broken off. Everything that was started is ended.');
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, breakOff);
  }
}

function takeAsterisk(): void {
  try {
    fetchAsterisk();
  } catch (cause) {
    const why = reasonOf(cause);
    throw new Error(`The demo takes an Asterisk from Debian's packages, and cannot: ${why}`, {
      cause,
    });
  }
}

function introduce({ anna, ben, gate, asterisk, carrier }: Town): void {
  const [, version = ''] =
    /^asterisk_\d+%3a([\d.]+)/m.exec(readFileSync(join(asteriskFolder, 'PACKAGES'), 'utf8')) ?? [];
  const left = (name: string, address = ''): string => `${name.padEnd(10)}${address.padEnd(15)}`;
  const lines = [
    `${left('Anna 1001', anna.address)} ──TLS──►┌─────────────────┐`,
    `${left('Ben 1002', ben.address)} ──UDP──►│ the gate        │──UDP──► Asterisk ${version}`,
    `${left('carrier', carrier.address)} ──UDP──►│ ${gate.address.padEnd(15)} │         ${asterisk.address}`,
    `${left('strangers')} ──UDP──►└─────────────────┘  with the rules as they ship`,
  ];
  print(`\n${lines.map((line) => `  ${line}`).join('\n')}\n`);
}

async function playAll(town: Town, scenes: readonly Scene[], signal: AbortSignal): Promise<number> {
  const onTerminal = process.stdout.isTTY;
  const widest = Math.max(...scenes.map(({ title }) => title.length));
  // a line that went on in the next one would push the first off the screen
  const room = onTerminal
    ? process.stdout.columns - '  stopped    '.length
    : Number.POSITIVE_INFINITY;
  const brokenOff = new Promise<Seen>((resolve) =>
    signal.addEventListener('abort', () => resolve({ good: false, said: '' })),
  );
  let wrong = 0;
  for (const { title, ends, play } of scenes) {
    if (signal.aborted) return wrong;
    if (onTerminal) process.stdout.write(`  ${styled('gray', '…')}        ${title}`);
    const { good, said } = await Promise.race([seen(play(town)), brokenOff]);
    if (signal.aborted) return wrong;
    if (!good) wrong += 1;
    const mark = good
      ? styled(ends === 'passes' ? 'green' : 'red', ends.padEnd(8))
      : styled(['bold', 'yellow'], 'WRONG   ');
    // the line that said what was going on is written anew
    if (onTerminal) process.stdout.write('\r\u001b[K');
    print(`  ${mark} ${title.padEnd(widest)}  ${cut(said, room - widest)}`);
  }
  return wrong;
}

interface Seen {
  readonly good: boolean;
  readonly said: string;
}

const seen = (play: Promise<string>): Promise<Seen> =>
  play.then(
    (said) => ({ good: true, said }),
    (error: unknown) => ({
      good: false,
      said: reasonOf(error),
    }),
  );

const cut = (text: string, room: number): string =>
  text.length <= room ? text : `${text.slice(0, Math.max(0, room - 1))}…`;

async function sumUp(town: Town, wrong: number, seconds: number): Promise<void> {
  const passed = calls.length + afterwards.length;
  const page = await town.gate.metrics();
  const blocked = [...page.matchAll(/^drawbridge_blocks(?:\{[^}]*\})? (\d+)$/gm)]
    .map(([, count]) => Number(count))
    .reduce((sum, count) => sum + count, 0);
  print(
    wrong === 0
      ? `\n  ${passed} things that people do passed, ${attacks.length} attacks were stopped, ${blocked} addresses are blocked; ${seconds} s.`
      : `\n  ${counted(wrong, 'thing')} went another way than it should.`,
  );
  print('  Everything is ended and removed. For a gate of your own: drawbridge init');
}
