import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askGate } from '../../src/control/ask.ts';
import type { ReloadOutcome } from '../../src/control/reloads.ts';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { metric } from '../support/gate-health.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import {
  blockedAddress,
  largePolicy,
  largeSite,
  writeLargePolicy,
} from '../support/large-policy.ts';

const policies = mkdtempSync(join(tmpdir(), 'large-'));
let pbx: Pbx;
let gate: Gate;
let phone: Phone;

beforeAll(async () => {
  writeLargePolicy(policies, { devices: 2 });
  pbx = await aPbx();
  pbx.always('REGISTER', (request) =>
    pbx.answer(request, 200, { headers: { Contact: `${request.header('Contact')};expires=300` } }),
  );
  // Every rule judges; one phone that registers so often would be told to wait.
  const settings = { 'network.request-rates.mode': 'shadow' };
  gate = await startGate({
    pbx: pbx.uri,
    rules: 'shipped',
    settings,
    flags: ['--policies', policies],
  });
  phone = await aPhone({ to: gate.udp, user: '10000' });
});
afterAll(async () => {
  await phone?.close();
  await gate?.close();
  await pbx?.close();
  rmSync(policies, { recursive: true });
});

const texts = [2, 3].map((devices) => Object.entries(largePolicy({ devices })));

function write(devices: 2 | 3): void {
  for (const [name, text] of texts[devices - 2] ?? []) writeFileSync(join(policies, name), text);
}

/** Whether a datagram from there gets as far as an answer. */
async function isHeard(address: string): Promise<boolean> {
  const other = await aPhone({ to: gate.udp, user: '10001', address });
  const heard = other.register({ expires: 0 }).then(() => true);
  const answer = await Promise.race([heard, sleep(1000).then(() => false)]);
  await other.close();
  return answer;
}

/** The blocked ones are silent, and not because nobody is heard. */
async function expectBlocked(): Promise<void> {
  for (const index of [0, 2500, largeSite.blockedAddresses - 1])
    expect(await isHeard(blockedAddress(index))).toBe(false);
  expect(await isHeard(blockedAddress(largeSite.blockedAddresses))).toBe(true);
}

interface Measured {
  readonly slowestAnswerMs: number;
  /** How long the thread that carries SIP was held up at most. */
  readonly stalledMs: number;
}

/** Registers fifty times a second while something goes on, and a second longer: so often the gate measures itself. */
async function whileRegistering(during: () => Promise<unknown>): Promise<Measured> {
  let over = false;
  let stalledMs = 0;
  let slowestAnswerMs = 0;
  const watching = (async () => {
    while (!over) {
      await sleep(250);
      const lag = await metric(gate, 'drawbridge_event_loop_lag_seconds{plane="data",of="max"}');
      stalledMs = Math.max(stalledMs, lag * 1000);
    }
  })();
  const registering = (async () => {
    while (!over) {
      const sentAt = performance.now();
      await phone.register();
      const took = performance.now() - sentAt;
      slowestAnswerMs = Math.max(slowestAnswerMs, took);
      await sleep(Math.max(0, 20 - took));
    }
  })();
  await during();
  await sleep(1200);
  over = true;
  await Promise.all([watching, registering]);
  return { slowestAnswerMs, stalledMs };
}

/** Every extension is otherwise than before; how long it took until that held. */
async function reload(devices: 2 | 3): Promise<number> {
  write(devices);
  const askedAt = performance.now();
  const outcome = await askGate<ReloadOutcome>(join(gate.data, 'control.sock'), {
    command: 'reload',
    force: false,
    operators: [],
  });
  const took = performance.now() - askedAt;
  expect(outcome).toMatchObject({ ok: true });
  expect(outcome.ok && outcome.changed.length).toBe(largeSite.extensions);
  return took;
}

test('ten thousand extensions are taken up in a second, SIP is not held up, and the blocked stay blocked', async (context) => {
  await expectBlocked();
  await whileRegistering(() => sleep(500));
  const quiet = await whileRegistering(() => sleep(1000));
  const tries: (Measured & { readonly reloadMs: number })[] = [];
  // Whatever else the machine does delays us as well, at one time and not at each: what the reload itself costs is what
  // the best of them cost. Were the gate slow, it would be so every time.
  for (const devices of [3, 2, 3, 2] as const) {
    let reloadMs = 0;
    const measured = await whileRegistering(async () => {
      reloadMs = await reload(devices);
    });
    tries.push({ ...measured, reloadMs });
  }
  await expectBlocked();
  await context.annotate(JSON.stringify({ quiet, tries }));
  expect(Math.min(...tries.map(({ reloadMs }) => reloadMs))).toBeLessThan(1000);
  expect(Math.min(...tries.map(({ stalledMs }) => stalledMs))).toBeLessThan(20);
  expect(Math.min(...tries.map(({ slowestAnswerMs }) => slowestAnswerMs))).toBeLessThan(
    quiet.slowestAnswerMs + 20,
  );
});
