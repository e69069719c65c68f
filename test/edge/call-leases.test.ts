import { describe, expect, test } from 'vitest';
import type { Phone } from '../support/a-phone.ts';
import { eventually } from '../support/eventually.ts';
import type { SipCall } from '../support/sip-call.ts';
import type { Received } from '../support/sip-party.ts';
import { aScene, type Scene, statusOf } from './scene.ts';

/** As in the files; those who call often are allowed to. */
const unlimited = {
  site: {},
  network: { 'request-rates': { mode: 'off' }, 'automatic-defence': { mode: 'off' } },
  outbound: { 'call-frequency': { limits: [] }, 'concurrent-calls': { extension: null } },
} as object;

/** How a call comes to its end; every one of them must give its places back. */
type End = (scene: Scene, phone: Phone, number: string) => Promise<void>;

const theInvite = (scene: Scene, { callId }: SipCall): Promise<Received> =>
  scene.pbx.expect((message) => message.method === 'INVITE' && message.callId === callId);

async function talks(scene: Scene, phone: Phone, number: string) {
  const caller = await phone.invite(number);
  const accepting = scene.pbx.accept(await theInvite(scene, caller));
  await caller.answered();
  return { caller, callee: await accepting };
}
async function isHungUp(scene: Scene, { callId }: SipCall, by: Promise<unknown>): Promise<void> {
  const bye = await scene.pbx.expect((one) => one.method === 'BYE' && one.callId === callId);
  scene.pbx.answer(bye, 200);
  await by;
}

const ends: Readonly<Record<string, End>> = {
  async busy(scene, phone, number) {
    const call = await phone.invite(number);
    scene.pbx.answer(await theInvite(scene, call), 486);
    await call.final();
  },
  async 'challenged, and never comes back'(scene, phone, number) {
    const call = await phone.invite(number);
    scene.pbx.answer(await theInvite(scene, call), 407, {
      headers: { 'Proxy-Authenticate': 'Digest realm="a", nonce="b"' },
    });
    await call.final();
  },
  async cancelled(scene, phone, number) {
    const call = await phone.invite(number);
    const invite = await theInvite(scene, call);
    scene.pbx.answer(invite, 180);
    await call.rings();
    call.cancel();
    const cancel = await scene.pbx.expect(
      (one) => one.method === 'CANCEL' && one.callId === call.callId,
    );
    scene.pbx.answer(cancel, 200);
    scene.pbx.answer(invite, 487);
    expect((await call.final()).status).toBe(487);
  },
  async 'hung up by the caller'(scene, phone, number) {
    const { caller } = await talks(scene, phone, number);
    await isHungUp(scene, caller, caller.ask('BYE'));
  },
  async 'hung up by the callee'(scene, phone, number) {
    const { caller, callee } = await talks(scene, phone, number);
    const bye = callee.ask('BYE');
    phone.answer(
      await phone.expect((one) => one.method === 'BYE' && one.callId === caller.callId),
      200,
    );
    await bye;
  },
  async 'ended from the gate'(scene, phone, number) {
    const { caller } = await talks(scene, phone, number);
    scene.running.edge.serving.end(caller.callId, { text: 'test' });
    const ours = (one: Received) => one.method === 'BYE' && one.callId === caller.callId;
    phone.answer(await phone.expect(ours), 200);
    scene.pbx.answer(await scene.pbx.expect(ours), 200);
  },
  async 'held with a re-INVITE that fails, then hung up'(scene, phone, number) {
    const { caller } = await talks(scene, phone, number);
    const again = caller.ask('INVITE');
    scene.pbx.answer(await theInvite(scene, caller), 488);
    await again;
    await isHungUp(scene, caller, caller.ask('BYE'));
  },
  async 'lost: the other side knows of no call any more'(scene, phone, number) {
    const { caller } = await talks(scene, phone, number);
    const again = caller.ask('INVITE');
    scene.pbx.answer(await theInvite(scene, caller), 481);
    await again;
  },
  async 'forked, both answered'(scene, phone, number) {
    const caller = await phone.invite(number);
    const invite = await theInvite(scene, caller);
    scene.pbx.answer(invite, 200, { toTag: `one-${number}` });
    scene.pbx.answer(invite, 200, { toTag: `two-${number}` });
    const oks = await Promise.all(
      ['one', 'two'].map((tag) =>
        phone.expect((one) => one.status === 200 && one.toTag === `${tag}-${number}`),
      ),
    );
    for (const ok of oks) {
      caller.establish(ok);
      caller.acknowledge();
      await isHungUp(scene, caller, caller.ask('BYE'));
    }
  },
  async 'refused by a PBX that is full'(scene, phone, number) {
    const call = await phone.invite(number);
    scene.pbx.answer(await theInvite(scene, call), 503);
    await call.final();
  },
};

describe('what a live call counts under', () => {
  const kinds = Object.keys(ends);

  test(`is given back at every end there is, 200 calls in all: ${kinds.join('; ')}`, {
    timeout: 120_000,
  }, async () => {
    await using scene = await aScene({ policy: unlimited, ringSeconds: 1 });
    const phones = await Promise.all(
      kinds.map((_, index) => scene.registered({ user: String(1001 + index) })),
    );
    const { ledger } = scene.running.edge.leases;
    const rounds = Math.ceil(200 / kinds.length);
    await Promise.all(
      Object.values(ends).map(async (end, index) => {
        const phone = phones[index];
        if (phone === undefined) throw new Error('no phone');
        for (let round = 0; round < rounds; round++) await end(scene, phone, `2${round}${index}`);
      }),
    );
    await eventually(() => ledger.size === 0, 'no lease');
    for (const key of ['all', 'extension:1001', 'source:127.0.0.1'])
      expect(ledger.live(key)).toBe(0);
  });

  test('is given back when nobody answers, and when the caller’s connection is lost', async () => {
    await using scene = await aScene({ policy: unlimited, ringSeconds: 1 });
    const { ledger } = scene.running.edge.leases;
    const patient = await scene.registered({ user: '1001' });
    scene.pbx.deaf = true;
    const call = await patient.invite('2001');
    await patient.expect(100);
    expect(ledger.live('extension:1001')).toBe(1);
    expect((await call.final()).status).toBe(408);
    expect(ledger.live('extension:1001')).toBe(0);
    scene.pbx.deaf = false;

    const lost = await scene.registered({ user: '1002', transport: 'tcp' });
    const ringing = await lost.invite('2002');
    const invite = await theInvite(scene, ringing);
    scene.pbx.answer(invite, 180);
    await ringing.rings();
    await lost.close();
    scene.pbx.answer(await scene.pbx.expect('CANCEL'), 200);
    scene.pbx.answer(invite, 487);
    await eventually(() => ledger.size === 0, 'no lease');
  });

  test('is given back where the caller gives up before the other nodes have said what they hold', async () => {
    const asked: ((held: ReadonlyMap<string, number>) => void)[] = [];
    await using scene = await aScene({
      policy: {
        ...{ site: { homeCountry: 'DE' } },
        outbound: { 'concurrent-calls': { extension: 5 } },
      },
      others: {
        alone: false,
        ask: (_places, done) => void asked.push(done),
        liveChanged: () => {},
        saved: () => {},
        removed: () => {},
        uriOf: () => undefined,
        note: () => {},
      },
    });
    const { leases, outside } = scene.running.edge;
    const phone = await scene.registered({ user: '1001' });
    const call = await phone.invite('03012345678');
    await eventually(() => asked.length === 1, 'asked');
    call.cancel();
    expect((await call.final()).status).toBe(487);
    expect(leases.ledger.size).toBe(1);
    asked[0]?.(new Map());
    expect(leases.ledger.size).toBe(0);
    expect(outside.continuedBy('+493012345678', '1001', undefined)).toBeUndefined();
  });

  test('counts while it rings and while it lasts, once, under all that it belongs to', async () => {
    await using scene = await aScene({
      policy: { ...unlimited, extensions: { list: { 1001: { groups: ['sales', 'night'] } } } },
    });
    const { ledger } = scene.running.edge.leases;
    const keys = ['extension:1001', 'group:sales', 'group:night', 'source:127.0.0.1', 'all'];
    const live = () => keys.map((key) => ledger.live(key));
    const phone = await scene.registered();
    const call = await phone.invite('2001');
    const invite = await theInvite(scene, call);
    expect(live()).toEqual([1, 1, 1, 1, 1]);
    const accepting = scene.pbx.accept(invite);
    await call.answered();
    await accepting;
    expect(live()).toEqual([1, 1, 1, 1, 1]);
    await scene.running.edge.leases.renew(scene.running.edge.serving, Date.now() + 80_000);
    expect(live()).toEqual([1, 1, 1, 1, 1]);
    await isHungUp(scene, call, call.ask('BYE'));
    await eventually(() => live().every((count) => count === 0), 'nothing live');
  });

  test('cannot be had twice for one by writing Call-ID and tag of another call', async () => {
    await using scene = await aScene({
      policy: { ...unlimited, outbound: { 'concurrent-calls': { extension: 2 } } },
    });
    const phone = await scene.registered();
    const same = { headers: { From: '<sip:1001@127.0.0.1>;tag=one', 'Call-ID': 'one' } };
    const first = await phone.invite('2001', same);
    await theInvite(scene, first);
    await phone.invite('2002', { headers: { ...same.headers, CSeq: '2 INVITE' } });
    await scene.pbx.expect((one) => one.method === 'INVITE' && one.cseq === 2);
    expect(scene.running.edge.leases.ledger.live('extension:1001')).toBe(2);
    const third = { headers: { ...same.headers, CSeq: '3 INVITE' } };
    expect(await statusOf(phone, 'INVITE', 'sip:2003@127.0.0.1', third)).toBe(486);
  });
});

describe('calls in a short time', () => {
  test('are five in a second, whatever is challenged; the sixth is told when to come again', async () => {
    await using scene = await aScene({ policy: { ...unlimited, outbound: {} } });
    scene.pbx.always('INVITE', (invite) =>
      invite.header('Proxy-Authorization') === undefined
        ? scene.pbx.answer(invite, 407, {
            headers: { 'Proxy-Authenticate': 'Digest realm="a", nonce="b"' },
          })
        : scene.pbx.answer(invite, 486),
    );
    const phone = await scene.registered({ password: 'secret' });
    const started = performance.now();
    const statuses: unknown[] = [];
    for (let call = 0; call < 6; call++)
      statuses.push(await statusOf(phone, 'INVITE', 'sip:2001@127.0.0.1'));
    expect(performance.now() - started).toBeLessThan(1000);
    expect(statuses).toEqual([486, 486, 486, 486, 486, 480]);
  });
});
