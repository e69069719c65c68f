import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';

/** Two failed checks a second apart, the second with half a second to answer, and some slack. */
const HEALTH_INTERVAL_MS = 3000;

const settings = {
  'pbx.health.everySeconds': 1,
  'pbx.health.timeoutSeconds': 0.5,
  'pbx.health.downAfter': 2,
  'pbx.health.upAfter': 2,
  'pbx.tryNextAfterMs': 500,
};

interface Attempt {
  readonly startedAt: number;
  readonly status: number | undefined;
  readonly tookMs: number;
}

let gate: Gate | undefined;
const parties: { close(): Promise<void> }[] = [];
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(gate?.logs().slice(-4000));
  await gate?.close();
  await Promise.all(parties.splice(0).map((party) => party.close().catch(() => {})));
});

/** A PBX node that takes every registration and answers every call. */
async function node(address = ownAddress()): Promise<Pbx> {
  const pbx = await aPbx({ address, port: ownPorts.sip });
  parties.push(pbx);
  pbx.registersAll();
  pbx.takesAllCalls();
  return pbx;
}

const invitesTo = (pbx: Pbx, since = 0) =>
  pbx.received.filter(
    ({ method, toTag, at }) => method === 'INVITE' && toTag === undefined && at >= since,
  );

async function phonesBehind(behind: Gate, count: number): Promise<Phone[]> {
  const phones = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      aPhone({ to: behind.udp, user: String(2000 + index), address: ownAddress() }),
    ),
  );
  parties.push(...phones);
  await Promise.all(phones.map((phone) => phone.register()));
  return phones;
}

async function oneCall(phone: Phone): Promise<Attempt> {
  const startedAt = performance.now();
  const call = await phone.invite('3000');
  const final = await call.final(8000).catch(() => undefined);
  const tookMs = performance.now() - startedAt;
  if (final?.status === 200) await call.ask('BYE').catch(() => undefined);
  return { startedAt, status: final?.status, tookMs };
}

/** New calls at a steady pace from all phones in turn, until told to stop; resolves with all of them. */
function load(phones: readonly Phone[], everyMs: number) {
  const attempts: Promise<Attempt>[] = [];
  const timer = setInterval(() => {
    const phone = phones[attempts.length % phones.length];
    if (phone !== undefined) attempts.push(oneCall(phone));
  }, everyMs);
  return {
    async stop(): Promise<Attempt[]> {
      clearInterval(timer);
      return Promise.all(attempts);
    },
  };
}

describe('two PBX nodes, one of them dies in mid-load (S4)', () => {
  test.each([
    ['its port is closed', (pbx: Pbx) => pbx.close()],
    [
      'it hangs and says nothing',
      async (pbx: Pbx) => {
        pbx.deaf = true;
      },
    ],
  ])(
    '%s: no new call fails, and soon none even waits',
    async (_how, die) => {
      const [first, second] = [await node(), await node()];
      gate = await startGate({ pbx: [first.uri, second.uri], settings });
      const phones = await phonesBehind(gate, 20);

      const calls = load(phones, 50);
      await sleep(2000);
      expect(invitesTo(first).length).toBeGreaterThan(5);
      expect(invitesTo(second).length).toBeGreaterThan(5);

      const diedAt = performance.now();
      await die(first);
      await sleep(HEALTH_INTERVAL_MS + 2000);
      const attempts = await calls.stop();

      // Those in the middle of being set up at that very moment are the dead node's own.
      const failed = attempts.filter(
        ({ startedAt, status }) =>
          status !== 200 && (startedAt < diedAt - 200 || startedAt > diedAt),
      );
      expect(failed).toEqual([]);
      const later = attempts.filter(({ startedAt }) => startedAt > diedAt + HEALTH_INTERVAL_MS);
      expect(later.length).toBeGreaterThan(20);
      expect(later.filter(({ tookMs }) => tookMs > 400)).toEqual([]);
      expect(invitesTo(first, diedAt + HEALTH_INTERVAL_MS)).toEqual([]);
    },
    40_000,
  );

  test('when it comes back it gets calls again, and none fails for it', async () => {
    const [first, second] = [await node(), await node()];
    gate = await startGate({ pbx: [first.uri, second.uri], settings });
    const phones = await phonesBehind(gate, 20);
    first.deaf = true;
    await sleep(HEALTH_INTERVAL_MS);

    const calls = load(phones, 50);
    first.deaf = false;
    await sleep(4000);
    const attempts = await calls.stop();
    expect(attempts.filter(({ status }) => status !== 200)).toEqual([]);
    expect(invitesTo(first).length).toBeGreaterThan(5);
  }, 40_000);

  test('with both hung a call is refused within seconds, not left to ring out', async () => {
    const [first, second] = [await node(), await node()];
    gate = await startGate({ pbx: [first.uri, second.uri], settings });
    const [phone] = await phonesBehind(gate, 1);
    if (phone === undefined) throw new Error('one phone was asked for');
    first.deaf = true;
    second.deaf = true;
    await sleep(HEALTH_INTERVAL_MS);

    const call = await phone.invite('3000');
    const final = await call.final(5000);
    expect([408, 500, 503, 504]).toContain(final.status);
  }, 40_000);
});
