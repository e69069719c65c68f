import { describe, expect, test } from 'vitest';
import { heard } from '../contract/scene.ts';
import { aScene, type Scene, statusOf } from './scene.ts';

/** Strangers are told here what they would meet with silence. */
const open: object = { stealth: { mode: 'off' } };

/** Whatever a rule can be set to refuse, it does. */
const hopeless = {
  site: { homeCountry: 'DE' },
  network: {
    'drop-all': { mode: 'on' },
    'request-rates': { strangers: { invite: { perSecond: 1, burst: 1 } } },
  },
  outbound: {
    'call-frequency': { limits: [{ calls: 1, seconds: 3600, each: 'all' }] },
    'concurrent-calls': { extension: 0, all: 0 },
    'blocked-numbers': { blocked: ['.'] },
    'caller-identity': { anonymous: false },
  },
} as object;

const REACHED_THE_PBX = 404;
function answering(scene: Scene): void {
  scene.pbx.always('INVITE', (invite) => scene.pbx.answer(invite, REACHED_THE_PBX));
}
const calls = (scene: Scene, uri: string) => async (user: string) => {
  const phone = await scene.phone({ user, address: '127.0.3.9' });
  return statusOf(phone, 'INVITE', uri);
};

describe('an emergency call (O11)', () => {
  test.each(['sip:112@127.0.0.1', 'sip:110@127.0.0.1', 'urn:service:sos', 'urn:service:sos.fire'])(
    'to %s reaches the PBX though every rule is against it, from a stranger too; and is an alert',
    async (uri) => {
      await using scene = await aScene({ policy: hopeless });
      answering(scene);
      expect(await calls(scene, uri)('1001')).toBe(REACHED_THE_PBX);
      expect(await calls(scene, uri)('1001')).toBe(REACHED_THE_PBX);
      expect(scene.events.filter((event) => event.startsWith('emergency 1001'))).toHaveLength(2);
    },
  );

  test('is known behind the prefix for an outside line, and no number that only begins like one is', async () => {
    await using scene = await aScene({
      policy: {
        site: { homeCountry: 'DE', dialPlan: { outsidePrefix: '0' } },
        network: open,
      },
    });
    answering(scene);
    expect(await calls(scene, 'sip:0112@127.0.0.1')('1001')).toBe(REACHED_THE_PBX);
    expect(await calls(scene, 'sip:1123@127.0.0.1')('1001')).toBe(403);
    expect(await calls(scene, 'sip:112112@127.0.0.1')('1001')).toBe(403);
  });

  test('and a feature code take no digits along that no rule has read', async () => {
    await using scene = await aScene({ policy: { site: { homeCountry: 'DE' }, network: open } });
    const stranger = await scene.phone({ user: '1001', address: '127.0.3.9' });
    await stranger.invite('112;phone-context=+442079460123');
    expect((await scene.pbx.expect('INVITE')).uri).toMatch(/^sip:112@/);
    const known = await scene.registered();
    await known.invite('*67;phone-context=+00442079460123');
    expect((await scene.pbx.expect('INVITE')).uri).toMatch(/^sip:\*67@/);
  });

  test('gets through while the gate ends, other calls do not', async () => {
    await using scene = await aScene();
    answering(scene);
    scene.running.drain();
    expect(await calls(scene, 'sip:112@127.0.0.1')('1001')).toBe(REACHED_THE_PBX);
    expect(await calls(scene, 'sip:1002@127.0.0.1')('1001')).toBe(503);
  });

  test('gets through when there is no room for another call, up to a bound', async () => {
    await using scene = await aScene({ limits: { calls: 4 } });
    const phone = await scene.phone();
    for (let call = 0; call < 4; call++) {
      const caller = await phone.invite('1002');
      const accepting = scene.pbx.accept(await scene.pbx.expect('INVITE'));
      await caller.answered();
      await accepting;
    }
    expect(await statusOf(phone, 'INVITE', 'sip:1002@127.0.0.1')).toBe(503);
    const urgent = await phone.invite('112');
    const accepting = scene.pbx.accept(await scene.pbx.expect('INVITE'));
    await urgent.answered();
    await accepting;
    expect(await statusOf(phone, 'INVITE', 'sip:112@127.0.0.1')).toBe(503);
  });

  test('by strangers without end leaves the PBX room to speak', async () => {
    await using scene = await aScene({ limits: { transactions: 32 } });
    const phone = await scene.registered({ user: '1001' });
    const uri = scene.contact();
    const strangers = await scene.phone({ address: '127.0.3.9' });
    for (let call = 0; call < 60; call++) await strangers.invite('112');
    await strangers.expect(503);
    expect((await scene.reaches(phone, uri)).method).toBe('INVITE');
  });

  test('counts under nothing, so that it bars no other call', async () => {
    await using scene = await aScene({ policy: { site: {} } });
    const phone = await scene.registered();
    await phone.invite('112');
    await scene.pbx.expect('INVITE');
    expect(scene.running.edge.leases.ledger.size).toBe(0);
  });
});

test('a phone that is blocked calls nobody else by saying that it is in its emergency call', async () => {
  await using scene = await aScene({ policy: { site: { homeCountry: 'DE' } } });
  answering(scene);
  const phone = await scene.registered({ address: '127.0.3.9' });
  const earlier = await phone.invite('1002');
  await earlier.final();
  const route = heard(scene.pbx, 'INVITE')[0]?.list('Record-Route').join(', ') ?? '';
  const { gatekeeper } = scene.running.edge;
  const order = { by: 'operator', rule: 'operator', evidence: 'x', forMs: undefined } as const;
  expect(gatekeeper.block({ network: '127.0.3.9', ...order }, Date.now())).toBeDefined();
  const urgent = await phone.invite('112');
  expect((await urgent.final()).status).toBe(REACHED_THE_PBX);
  const before = heard(scene.pbx, 'INVITE').length;
  const { address, port } = scene.pbx;
  const headers = {
    'Call-ID': urgent.invite.callId,
    To: '<sip:112@127.0.0.1>;tag=made-up',
    Route: route,
  };
  const forged = phone.request('INVITE', `sip:03012345678@${address}:${port}`, { headers });
  expect((await phone.finalAnswer(forged)).status).toBe(481);
  expect(heard(scene.pbx, 'INVITE')).toHaveLength(before);
});
