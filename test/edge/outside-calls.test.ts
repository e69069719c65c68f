import { describe, expect, test } from 'vitest';
import { nameOf } from '../../src/edge/call-name.ts';
import { heard } from '../contract/scene.ts';
import type { Pbx } from '../support/a-pbx.ts';
import type { Phone } from '../support/a-phone.ts';
import { contactOf, type Received } from '../support/sip-party.ts';
import type { HeaderValues as Headers } from '../support/sip-text.ts';
import { aScene, last, type Scene, type SceneOptions, statusOf } from './scene.ts';

const route = {
  name: 'abroad',
  patterns: ['+43.'],
  strip: 1,
  prepend: '00',
  trunks: ['carrier-2'],
};
const national = { name: 'national', patterns: ['+49.'], trunks: ['carrier-1', 'carrier-2'] };
const policy = {
  site: { homeCountry: 'DE' },
  outbound: { 'allowed-countries': { countries: ['AT'] } },
  outboundRoutes: [route, national],
} satisfies SceneOptions['policy'];

const judging = (more: SceneOptions['policy'] = {}): Promise<Scene> =>
  aScene({ carriers: 2, policy: { ...policy, ...more } });

const toGate = (scene: Scene, number: string): string => {
  const { address, port } = scene.place();
  return `sip:${number}@${address}:${port}`;
};
const from = (user: string): Headers => ({
  From: `<sip:${user}@127.0.0.1>;tag=${crypto.randomUUID()}`,
});
/** The URI by which the PBX reaches who registered as that. */
const contactFor = (scene: Scene, user: string): string =>
  scene.pbx.received
    .filter(({ method, header }) => method === 'REGISTER' && header('To')?.includes(user))
    .map(contactOf)
    .at(-1) ?? '';
/** What reaches a carrier, whoever it is, of what the PBX calls; or how it was refused. */
async function sent(scene: Scene, number: string, headers: Headers = from('1001')) {
  const call = await scene.call(toGate(scene, number), { headers });
  for (const carrier of scene.carriers)
    carrier.always('INVITE', (invite) => carrier.answer(invite, 486));
  const { status } = await call.final();
  const invites = scene.carriers.flatMap((one) => heard(one, 'INVITE'));
  const { uri } = invites.toSorted((one, other) => one.at - other.at).at(-1) ?? {};
  return status === 486 ? (uri?.split('@')[0] ?? 'nothing') : status;
}
/** A phone calls, and the PBX sends the call on. */
async function through(scene: Scene, phone: Phone, number: string, headers: Headers) {
  const caller = await phone.invite(number);
  const invite = await scene.pbx.expect('INVITE');
  const outcome = await sent(scene, number, headers);
  scene.pbx.answer(invite, 486);
  await caller.final();
  return outcome;
}

describe('a number abroad by a prefix that its country does not have, or only a carrier', () => {
  test.each([
    ['KR', '00442079460123', 403],
    ['ID', '001442079460123', 403],
    ['RU', '8 28 442079460123', 403],
    ['NG', '00442079460123', 403],
    // to Somalia by PCCW, and by 00 to Carolina
    ['HK', '001252612345678', 404],
  ] as const)('is no call at home: from %s, %s', async (homeCountry, dialled, status) => {
    const outbound = { 'allowed-countries': { countries: ['US'] } };
    await using scene = await aScene({ policy: { site: { homeCountry }, outbound } });
    const phone = await scene.registered();
    const uri = toGate(scene, dialled.replaceAll(' ', ''));
    const call = await phone.invite(uri);
    scene.pbx.always('INVITE', (invite) => scene.pbx.answer(invite, 486));
    expect((await call.final()).status).toBe(status);
    expect(heard(scene.pbx, 'INVITE')).toEqual([]);
  });
});

describe('what the PBX sends to a trunk', () => {
  test('leaves by its route, as the number that the route makes of it', async () => {
    await using scene = await judging();
    expect(await sent(scene, '+43123456789')).toBe('sip:0043123456789');
    expect(heard(scene.carrier(0), 'INVITE')).toEqual([]);
    expect(await sent(scene, '03012345678')).toBe('sip:+493012345678');
    expect(heard(scene.carrier(0), 'INVITE')).toHaveLength(1);
  });

  test('keeps its To, and goes to the next trunk when the first one fails', async () => {
    await using scene = await judging();
    scene.carrier(0).always('INVITE', (invite) => scene.carrier(0).answer(invite, 503));
    const uri = toGate(scene, '0049-30-12345678');
    const call = await scene.call(uri, { headers: from('1001') });
    const invite = await scene.carrier(1).expect('INVITE');
    expect([invite.uri?.split('@')[0], invite.header('To')]).toEqual([
      'sip:+493012345678',
      `<${uri}>`,
    ]);
    scene.carrier(1).answer(invite, 486);
    await call.final();
  });

  test('goes to a next trunk that has room, and counts there', async () => {
    await using scene = await judging({
      outbound: { 'concurrent-calls': { trunks: { 'carrier-2': 1 } } },
    });
    const [first, second] = [scene.carrier(0), scene.carrier(1)];
    first.always('INVITE', (invite) => first.answer(invite, 503));
    const call = await scene.call(toGate(scene, '03012345678'), { headers: from('1001') });
    const accepting = second.accept(await second.expect('INVITE'));
    await call.answered();
    const called = await accepting;
    expect(await scene.refused(toGate(scene, '03012345679'), { headers: from('1001') })).toBe(500);
    expect(heard(second, 'INVITE')).toHaveLength(1);
    const bye = called.ask('BYE');
    scene.pbx.answer(await scene.pbx.expect('BYE'), 200);
    await bye;
    expect(scene.running.edge.leases.ledger.size).toBe(0);
    const another = await scene.call(toGate(scene, '03012345670'), { headers: from('1001') });
    second.answer(await second.expect('INVITE'), 486);
    expect((await another.final()).status).toBe(486);
    expect(scene.running.edge.leases.ledger.size).toBe(0);
  });

  test('goes nowhere when no route takes it, and to a country that is not allowed neither', async () => {
    await using scene = await judging();
    expect(await sent(scene, '0041443335555')).toBe(404);
    expect(await sent(scene, '12345678901')).toBe(404);
    await using free = await judging({ outboundRoutes: [] });
    expect(await sent(free, '0041443335555')).toBe(403);
    expect(free.events).toContain('reject allowed-countries');
  });

  test('goes as it is to the first trunk where there are no routes', async () => {
    await using scene = await judging({ outboundRoutes: [] });
    expect(await sent(scene, '03012345678')).toBe('sip:03012345678');
  });

  test('is left alone when it is an emergency call', async () => {
    const only = { outboundRoutes: [{ ...route, patterns: ['X.'], extensions: ['nobody'] }] };
    await using scene = await judging(only);
    expect(await sent(scene, '112')).toBe('sip:112');
    const site = { homeCountry: 'US', dialPlan: { outsidePrefix: '9' } };
    await using american = await judging({ ...only, site });
    expect(await sent(american, '911')).toBe('sip:911');
  });
});

describe('a call by the PBX is charged', () => {
  const some = { outboundRoutes: [{ ...national, extensions: ['1001'] }] };
  const number = '03012345678';
  const leaves = 'sip:+493012345678';
  const did = { From: '<sip:+493011122@127.0.0.1>;tag=did' };

  test('to the extension that it names', async () => {
    await using scene = await judging(some);
    expect(await sent(scene, number, from('1001'))).toBe(leaves);
    expect(await sent(scene, number, from('1002'))).toBe(403);
    const asserted = { ...did, 'P-Asserted-Identity': '<sip:1001@pbx>' };
    expect(await sent(scene, number, asserted)).toBe(leaves);
  });

  test.each([
    ['Diversion', '<sip:1002@pbx>;reason=unconditional'],
    [
      'History-Info',
      '<sip:1002@pbx?Reason=SIP%3Bcause%3D302>;index=1, <sip:03012345678@pbx>;index=1.1',
    ],
    ['Referred-By', '<sip:1002@pbx>'],
  ])('to whoever forwarded or transferred it, by %s', async (header, value) => {
    await using scene = await judging(some);
    expect(await sent(scene, number, { ...from('1001'), [header]: value })).toBe(403);
    const allowed = value.replace('1002', '1001');
    expect(await sent(scene, number, { ...from('1002'), [header]: allowed })).toBe(leaves);
  });

  test('to the phone whose call it goes on with, whatever number it shows, and only as long as that lasts', async () => {
    await using scene = await judging(some);
    const phone = await scene.registered({ user: '1001' });
    expect(await sent(scene, number, did)).toBe(403);
    expect(await through(scene, phone, number, did)).toBe(leaves);
    expect(await sent(scene, number, did)).toBe(403);
  });

  test('to nobody else, whatever the phone says that forwarded it: in its call, or where it redirects one', async () => {
    await using scene = await judging({
      outboundRoutes: [{ ...national, extensions: ['1001', '1002'] }],
    });
    const phone = await scene.registered({ user: '1003' });
    const says = {
      Diversion: ['<sip:1003@pbx>', '<sip:%31002;x=y@pbx>;reason=unconditional'],
      'History-Info': '<sip:1002@pbx>;index=1, <sip:1003@pbx>;index=1.1',
    };
    await phone.invite('*5', { headers: says });
    const invite = await scene.pbx.expect('INVITE');
    expect([invite.list('Diversion'), invite.list('History-Info')]).toEqual([[], []]);
    const own = '<sip:1003@pbx>;reason=unconditional, <sip:+493011122@pbx>';
    await phone.invite('*5', { headers: { Diversion: own } });
    expect((await scene.pbx.expect('INVITE')).header('Diversion')).toBe(own);

    const called = await scene.registered({ user: '1001' });
    const call = await scene.call(contactFor(scene, '1001'));
    called.answer(await called.expect('INVITE'), 302, {
      headers: { Contact: `<sip:${number}@pbx>`, ...says },
    });
    const redirected = await call.final();
    expect([redirected.status, redirected.list('Diversion')]).toEqual([302, []]);
  });

  test('nor whatever it says of who it is once its call has begun, or when it is called', async () => {
    const foreign = {
      'P-Asserted-Identity': '"Boss" <sip:1002@pbx>',
      'Remote-Party-ID': '<sip:1002@pbx>;party=calling',
      'P-Preferred-Identity': '<tel:+493011133>',
      Diversion: '<sip:1002@pbx>;reason=unconditional',
      'History-Info': '<sip:1002@pbx>;index=1, <sip:1003@pbx>;index=1.1',
    };
    const own = {
      'P-Asserted-Identity': '<sip:1003@pbx>',
      'Remote-Party-ID': '<sip:030-11122@pbx>',
    };
    const named = (message: { list(name: string): readonly string[] }) =>
      Object.keys(foreign).flatMap((name) => message.list(name));
    await using scene = await judging({
      extensions: { list: { 1003: { identities: ['+493011122'] } } },
    });
    const { pbx } = scene;
    const phone = await scene.registered({ user: '1003' });
    const call = await phone.invite('*5');
    const accepting = pbx.accept(await pbx.expect('INVITE'));
    await call.answered();
    const answering = await accepting;
    for (const method of ['INVITE', 'UPDATE'])
      for (const [says, passes] of [
        [foreign, []],
        [own, Object.values(own)],
      ] as const) {
        const asked = call.ask(method, { headers: says });
        const request = await pbx.expect(method);
        pbx.answer(request, 200);
        await asked;
        expect(named(request)).toEqual(passes);
        const askedBack = answering.ask(method);
        phone.answer(await phone.expect(method), 200, { headers: says });
        expect(named(await askedBack)).toEqual(passes);
      }

    for (const [says, passes] of [
      [foreign, []],
      [own, Object.values(own)],
    ] as const) {
      const called = await scene.call(contactFor(scene, '1003'));
      phone.answer(await phone.expect('INVITE'), 486, { headers: says });
      expect(named(await called.final())).toEqual(passes);
    }
  });

  test('where the rule of who shows which number is off, phones say what they like in their calls', async () => {
    await using scene = await judging({ outbound: { 'caller-identity': { mode: 'off' } } });
    const phone = await scene.registered({ user: '1003' });
    const call = await phone.invite('*5');
    const accepting = scene.pbx.accept(await scene.pbx.expect('INVITE'));
    await call.answered();
    await accepting;
    const headers = { 'P-Asserted-Identity': '<sip:1002@pbx>', Diversion: '<sip:1002@pbx>' };
    call.request('INVITE', { headers });
    const again = await scene.pbx.expect('INVITE');
    expect([again.list('P-Asserted-Identity'), again.list('Diversion')]).toEqual([
      ['<sip:1002@pbx>'],
      [],
    ]);
  });

  test('once for one call of a phone', async () => {
    await using scene = await judging(some);
    const phone = await scene.registered({ user: '1001' });
    const caller = await phone.invite(number);
    await scene.pbx.expect('INVITE');
    const first = await scene.call(toGate(scene, number), { headers: did });
    await scene.carrier(0).expect('INVITE');
    expect(await sent(scene, number, did)).toBe(403);
    caller.cancel();
    await first.final().catch(() => {});
  });

  test('and counts once: an extension with one call may have it sent on', async () => {
    await using scene = await judging({
      outbound: { 'concurrent-calls': { extension: 1, all: 1, routes: { national: 1 } } },
    });
    const phone = await scene.registered({ user: '1001' });
    expect(await through(scene, phone, number, from('1001'))).toBe(leaves);
  });

  test('not to whom a phone says that it was forwarded by', async () => {
    await using scene = await judging(some);
    const phone = await scene.registered({ user: '1002' });
    const headers = { Diversion: '<sip:1001@pbx>' };
    const call = await phone.invite(number, { headers });
    expect((await call.final()).status).toBe(403);
    await using open = await judging({
      outboundRoutes: [national, { ...route, extensions: ['1001'] }],
    });
    const other = await open.registered({ user: '1002' });
    expect(await statusOf(other, 'INVITE', 'sip:+43123456789@127.0.0.1', { headers })).toBe(403);
  });
});

describe('a transfer by a phone (REFER)', () => {
  async function inCall(
    scene: Scene,
    phone: Phone,
    number = '1002',
    headers: Record<string, string> = {},
    toTag: string = crypto.randomUUID(),
  ) {
    const call = await phone.invite(number, { headers });
    const accepting = scene.pbx.accept(await scene.pbx.expect('INVITE'), { toTag });
    const ok = await call.answered();
    await accepting;
    return { call, ok };
  }
  const refused: readonly (readonly [string, number])[] = [
    ['<sip:0041443335555@127.0.0.1>', 404],
    ['<sip:%30%30%34%31443335555@127.0.0.1>', 404],
    ['<sips:0041443335555@127.0.0.1>', 404],
    ['<tel:+41-44-333-5555>', 404],
    ['sip:0041443335555@127.0.0.1', 404],
    ['"1002" <sip:0041443335555@127.0.0.1;method=INVITE?Subject=1002>;x=1002', 404],
    ['<sip:0041443335555@127.0.0.1?Replaces=made%3Bto-tag%3Dup%3Bfrom-tag%3Dit>', 404],
    ['<http://example.com/>', 404],
    ['<cid:list@example.com>', 404],
  ];

  test.each(refused)('to %s is refused, %i', async (target, status) => {
    await using scene = await judging();
    const phone = await scene.registered();
    const { call } = await inCall(scene, phone);
    const answer = await call.ask('REFER', { headers: { 'Refer-To': target } });
    expect(answer.status).toBe(status);
    const outside = await phone.finalAnswer(
      phone.request('REFER', 'sip:1002@127.0.0.1', { headers: { 'Refer-To': target } }),
    );
    expect(outside.status).toBe(status);
    expect(heard(scene.pbx, 'REFER')).toEqual([]);
  });

  test.each(['<sip:1003@127.0.0.1>', '<sip:03012345678@127.0.0.1>', '<tel:+43-123-456789>'])(
    'to %s goes to the PBX as it is',
    async (target) => {
      await using scene = await judging();
      scene.pbx.always('REFER', (refer) => scene.pbx.answer(refer, 202));
      const phone = await scene.registered();
      const { call } = await inCall(scene, phone);
      const answer = await call.ask('REFER', { headers: { 'Refer-To': target } });
      expect(answer.status).toBe(202);
      expect(heard(scene.pbx, 'REFER')[0]?.header('Refer-To')).toBe(target);
    },
  );

  test.each([
    ['of nobody', {}],
    ['of another extension', { 'Referred-By': '"Boss" <sip:1002@127.0.0.1>' }],
    ['of a number', { 'Referred-By': '<sip:+4930123456@127.0.0.1>' }],
    ['of itself and another', { 'Referred-By': '<sip:1001@127.0.0.1>, <sip:1002@127.0.0.1>' }],
    ['of itself', { 'Referred-By': '<sip:1001@127.0.0.1>' }],
  ])('is told to the PBX as its own, where it says that it is %s', async (_whose, says) => {
    await using scene = await judging();
    scene.pbx.always('REFER', (refer) => scene.pbx.answer(refer, 202));
    const phone = await scene.registered();
    const { call } = await inCall(scene, phone);
    const headers = { 'Refer-To': '<sip:*5@127.0.0.1>', ...says };
    expect((await call.ask('REFER', { headers })).status).toBe(202);
    const outside = phone.request('REFER', 'sip:1002@127.0.0.1', { headers });
    expect((await phone.finalAnswer(outside)).status).toBe(202);
    for (const refer of heard(scene.pbx, 'REFER'))
      expect(refer.list('Referred-By')).toEqual(['<sip:1001@127.0.0.1>']);
    expect(heard(scene.pbx, 'REFER')).toHaveLength(2);
  });

  test('that joins two calls of the phone passes, whatever the PBX calls itself there', async () => {
    await using scene = await judging();
    scene.pbx.always('REFER', (refer) => scene.pbx.answer(refer, 202));
    const phone = await scene.registered();
    const one = await inCall(scene, phone);
    const two = await inCall(scene, phone, '1003');
    const dialog = `${two.ok.callId};to-tag=${two.ok.toTag};from-tag=${two.ok.fromTag}`;
    const replaces = `?Replaces=${encodeURIComponent(dialog)}`;
    const to = { 'Refer-To': `<sip:asterisk@192.0.2.9${replaces}>` };
    expect((await one.call.ask('REFER', { headers: to })).status).toBe(202);
    const other = await scene.registered({ user: '1004', address: '127.0.3.4' });
    const stolen = await inCall(scene, other);
    expect((await stolen.call.ask('REFER', { headers: to })).status).toBe(404);
  });

  test('that joins two calls may name who is in them, and nobody else: a PBX that knows no Replaces would call him', async () => {
    await using scene = await judging();
    scene.pbx.always('REFER', (refer) => scene.pbx.answer(refer, 202));
    const phone = await scene.registered();
    const one = await inCall(scene, phone);
    const two = await inCall(scene, phone, '03012345678');
    const dialog = `${two.ok.callId};to-tag=${two.ok.toTag};from-tag=${two.ok.fromTag}`;
    const joining = async (uri: string, replaced = dialog) => {
      const target = `<${uri}?Replaces=${encodeURIComponent(replaced)}>`;
      return (await one.call.ask('REFER', { headers: { 'Refer-To': target } })).status;
    };
    expect(await joining('sip:03012345678@127.0.0.1')).toBe(202);
    expect(await joining('sip:0041443335555@127.0.0.1')).toBe(404);
    const abroad = two.call.remoteTarget.replace(/:[^:@]*@/, ':0041443335555@');
    expect(abroad).toContain(';hop=');
    expect(await joining(abroad)).toBe(404);
    expect(await joining(abroad, 'made;to-tag=up;from-tag=it')).toBe(404);
  });

  test.each(['??', '?a?', '?a=b?'])(
    'that Asterisk finds no Replaces in, behind %s, is judged by whom it names',
    async (mark) => {
      await using scene = await judging();
      const phone = await scene.registered();
      const { call, ok } = await inCall(scene, phone, '03012345678');
      const dialog = `${ok.callId};to-tag=${ok.toTag};from-tag=${ok.fromTag}`;
      const uri = `sip:0041443335555@127.0.0.1${mark}Replaces=${encodeURIComponent(dialog)}`;
      const asterisk = uri.replace('0041443335555', 'asterisk');
      for (const target of [uri, asterisk]) {
        const headers = { 'Refer-To': `<${target}>` };
        expect((await call.ask('REFER', { headers })).status).toBe(404);
      }
    },
  );

  test('that joins two calls names whom the phone called, and not whom it wrote into To', async () => {
    await using scene = await judging();
    scene.pbx.always('REFER', (refer) => scene.pbx.answer(refer, 202));
    const phone = await scene.registered();
    const to = async (number: string, written: string) => {
      const headers = { To: `<sip:${written}@127.0.0.1>` };
      const { call, ok } = await inCall(scene, phone, number, headers);
      const dialog = `${ok.callId};to-tag=${ok.toTag};from-tag=${ok.fromTag}`;
      const target = `<sip:${written}@127.0.0.1?Replaces=${encodeURIComponent(dialog)}>`;
      return (await call.ask('REFER', { headers: { 'Refer-To': target } })).status;
    };
    expect(await to('1002', '1002')).toBe(202);
    expect(await to('03012345678', '+493012345678')).toBe(202);
    expect(await to('1002', '0041443335555')).toBe(404);
    expect(await to('03012345678', '0041443335555')).toBe(404);
  });

  test('that joins two calls may name who called, as the PBX names him', async () => {
    await using scene = await judging();
    scene.pbx.always('REFER', (refer) => scene.pbx.answer(refer, 202));
    const phone = await scene.registered();
    const caller = '<sip:0041443335555@127.0.0.1>;tag=caller';
    const call = await scene.call(undefined, { headers: { From: caller } });
    const accepting = phone.accept(await phone.expect('INVITE'));
    const { callId, toTag } = await call.answered();
    const dialog = `${callId};to-tag=caller;from-tag=${toTag}`;
    const target = `<sip:0041443335555@127.0.0.1?Replaces=${encodeURIComponent(dialog)}>`;
    const refer = (await accepting).ask('REFER', { headers: { 'Refer-To': target } });
    expect((await refer).status).toBe(202);
  });

  test('joins calls by a Call-ID with semicolons, too', async () => {
    await using scene = await judging();
    scene.pbx.always('REFER', (refer) => scene.pbx.answer(refer, 202));
    const phone = await scene.registered();
    const one = await inCall(scene, phone);
    const two = await inCall(scene, phone, '1003', { 'Call-ID': 'a;b=c;d@phone' });
    const dialog = `a;b=c;d@phone;to-tag=${two.ok.toTag};from-tag=${two.ok.fromTag}`;
    const replaces = encodeURIComponent(dialog);
    const headers = { 'Refer-To': `<sip:asterisk@192.0.2.9?Replaces=${replaces}>` };
    expect((await one.call.ask('REFER', { headers })).status).toBe(202);
  });

  test('joins no call of somebody else that a PBX may read in the same Replaces', async () => {
    await using scene = await judging();
    scene.pbx.always('REFER', (refer) => scene.pbx.answer(refer, 202));
    const phone = await scene.registered({ address: '127.0.3.5' });
    const other = await scene.registered({ user: '1004', address: '127.0.3.4' });
    const { call, ok } = await inCall(scene, phone, '1003', { 'Call-ID': 'a;b' });
    const joining = async (...dialogs: string[]) => {
      const headers = dialogs.map((dialog) => `Replaces=${encodeURIComponent(dialog)}`);
      const to = { 'Refer-To': `<sip:asterisk@192.0.2.9?${headers.join('&')}>` };
      return (await call.ask('REFER', { headers: to })).status;
    };
    const tags = `to-tag=${ok.toTag};from-tag=${ok.fromTag}`;
    expect(await joining(`a;b;${tags}`)).toBe(202);
    expect(await joining(`a;b;${tags};to-tag=x;from-tag=y`)).toBe(404);
    expect(await joining(`a;b;${tags}`, 'c;to-tag=x;from-tag=y')).toBe(404);

    const From = `<sip:1004@127.0.0.1>;tag=${ok.fromTag}`;
    await inCall(scene, other, '1003', { 'Call-ID': 'a', From }, ok.toTag);
    expect(await joining(`a;b;${tags}`)).toBe(404);
  });

  test('is one of the phone that is called, as well', async () => {
    await using scene = await judging({ outboundRoutes: [{ ...national, extensions: ['1001'] }] });
    const phone = await scene.registered({ user: '1002' });
    const call = await scene.call();
    const accepting = phone.accept(await phone.expect('INVITE'));
    await call.answered();
    const called = await accepting;
    const headers = { 'Refer-To': '<sip:03012345678@127.0.0.1>' };
    expect((await called.ask('REFER', { headers })).status).toBe(403);
  });

  test('to several at once is refused (RFC 3515 §2.4.2): a REFER has room for thousands', async () => {
    await using scene = await judging();
    scene.pbx.always('REFER', (refer) => scene.pbx.answer(refer, 202));
    const phone = await scene.registered();
    const { call } = await inCall(scene, phone);
    const headers = { 'Refer-To': '<sip:1003@127.0.0.1>, <sip:1004@127.0.0.1>' };
    expect((await call.ask('REFER', { headers })).status).toBe(400);
    expect(heard(scene.pbx, 'REFER')).toEqual([]);
  });

  test('lets the PBX call on its behalf, though it names nobody', async () => {
    await using scene = await judging({ outboundRoutes: [{ ...national, extensions: ['1001'] }] });
    scene.pbx.always('REFER', (refer) => scene.pbx.answer(refer, 202));
    const phone = await scene.registered({ user: '1001' });
    const { call } = await inCall(scene, phone);
    await call.ask('REFER', { headers: { 'Refer-To': '<sip:03012345678@127.0.0.1>' } });
    const headers = { From: '<sip:+493011122@127.0.0.1>;tag=x' };
    expect(await sent(scene, '03012345678', headers)).toBe('sip:+493012345678');
  });
});

describe('a transfer whose leg outside has ended', () => {
  test.each([
    [486, 1],
    [603, 1],
    [487, 1],
    // the PBX may try another trunk
    [503, 2],
  ])('with %i lets nobody else call there: %i of two', async (status, most) => {
    const some = [{ ...national, extensions: ['1001'] }];
    await using scene = await judging({ outboundRoutes: some });
    const number = '03012345678';
    const phone = await scene.registered({ user: '1001' });
    scene.pbx.always('REFER', (refer) => scene.pbx.answer(refer, 202));
    const headers = { 'Refer-To': `<sip:${number}@127.0.0.1>` };
    const sentRefer = phone.request('REFER', 'sip:1002@127.0.0.1', { headers });
    expect((await phone.finalAnswer(sentRefer)).status).toBe(202);
    for (const carrier of scene.carriers)
      carrier.always('INVITE', (invite) => carrier.answer(invite, status));
    for (const _ of [1, 2]) {
      const call = await scene.call(toGate(scene, number), { headers: from('1002') });
      await call.final();
    }
    const tried = heard(scene.carrier(0), 'INVITE').length;
    expect(tried).toBe(most);
  });
});

describe('what stands behind a semicolon in the user part, and no rule has read,', () => {
  const unread = '0;0041443335555';

  test('is not what the PBX is called with', async () => {
    await using scene = await judging({ outboundRoutes: [] });
    const phone = await scene.registered();
    const one = await phone.invite(unread);
    const invite = await scene.pbx.expect('INVITE');
    expect(invite.uri).toBe('sip:0@127.0.0.1');
    const accepting = scene.pbx.accept(invite);
    await one.answered();
    await accepting;
    const ours = one.remoteTarget.replace('sip:pbx@', `sip:${unread}@`);
    expect(ours).toMatch(/^sip:0;0041443335555@.*;hop=/);
    const other = await phone.invite(ours);
    const atPbx = await scene.pbx.expect('INVITE');
    expect(atPbx.uri).toBe(`sip:0@${scene.pbx.address}:${scene.pbx.port}`);
    scene.pbx.answer(atPbx, 486);
    await other.final();
  });

  test('is where nobody is transferred or redirected to', async () => {
    await using scene = await judging({ outboundRoutes: [] });
    scene.pbx.always('REFER', (refer) => scene.pbx.answer(refer, 202));
    const phone = await scene.registered();
    const headers = { 'Refer-To': `<sip:${unread}@127.0.0.1>` };
    expect(await statusOf(phone, 'REFER', 'sip:1002@127.0.0.1', { headers })).toBe(202);
    expect(last(scene.pbx, 'REFER').header('Refer-To')).toBe('<sip:0@127.0.0.1>');

    const call = await scene.call();
    const Contact = ['<sip:1002@127.0.0.1>', `"X" <sip:${unread}@127.0.0.1>;q=0.5`];
    phone.answer(await phone.expect('INVITE'), 302, { headers: { Contact } });
    expect((await call.final()).list('Contact')).toEqual([
      '<sip:1002@127.0.0.1>',
      '"X"<sip:0@127.0.0.1>;q=0.5',
    ]);
  });
});

describe('what says that it is in a dialog that nobody knows', () => {
  /** The Route of a call that is over: every phone has seen one. */
  async function routeOf(scene: Scene, phone: Phone): Promise<string> {
    const call = await phone.invite('1002');
    const accepting = scene.pbx.accept(await scene.pbx.expect('INVITE'));
    await call.answered();
    await accepting;
    const bye = call.ask('BYE');
    scene.pbx.answer(await scene.pbx.expect('BYE'), 200);
    await bye;
    return call.routes.join(', ');
  }
  test.each([
    ['INVITE', 404],
    ['MESSAGE', 403],
  ] as const)('%s is judged as if it were in none: %i', async (method, refusal) => {
    await using scene = await judging();
    const phone = await scene.registered();
    const Route = await routeOf(scene, phone);
    scene.pbx.always(method, (request) => scene.pbx.answer(request, 481));
    const atPbx = (number: string) => `sip:${number}@${scene.pbx.address}:${scene.pbx.port}`;
    const inNone = (routes: string) => ({
      headers: { Route: routes, To: '<sip:x@y>;tag=made-up' },
    });
    const routed = (uri: string, routes = Route) => statusOf(phone, method, uri, inNone(routes));
    const outcome = (number: string) => routed(atPbx(number));
    const { address, port } = scene.place();
    const behindStrict = (number: string) =>
      routed(`sip:${address}:${port};lr`, `${Route}, <${atPbx(number)}>`);
    const beforeStrict = (number: string) =>
      routed(atPbx('asterisk'), `${Route}, <${atPbx(number)}>`);
    for (const one of [behindStrict, beforeStrict]) {
      expect(await one('0041443335555')).toBe(refusal);
      expect(await one('1003')).toBe(481);
      expect(last(scene.pbx, method).uri).toBe(atPbx('1003'));
    }
    expect(await outcome('0041443335555')).toBe(refusal);
    expect(await outcome(';0041443335555')).toBe(404);
    expect(await outcome('1003')).toBe(481);
    expect(await outcome('asterisk')).toBe(481);
    const stranger = await scene.phone({ user: '1009', address: '127.0.3.9' });
    stranger.request(method, atPbx('1003'), inNone(Route));
    await stranger.silence(500);
  });
});

describe('a phone that redirects a call (302)', () => {
  async function redirected(scene: Scene, contacts: readonly string[]) {
    const phone = await scene.registered({ user: '1001' });
    const call = await scene.call();
    const headers = { Contact: contacts };
    phone.answer(await phone.expect('INVITE'), 302, { headers });
    const final = await call.final();
    return { status: final.status, contacts: final.list('Contact') };
  }

  test('may name whom it may call', async () => {
    await using scene = await judging();
    const contacts = ['<sip:1002@127.0.0.1>', '"x, y" <sip:03012345678@127.0.0.1>;q=0.5'];
    expect(await redirected(scene, contacts)).toEqual({ status: 302, contacts });
  });
  test('names nobody else to the PBX', async () => {
    await using scene = await judging();
    const contacts = ['<sip:0041443335555@127.0.0.1>;q=1', '<sip:1002@127.0.0.1>;q=0.1'];
    expect(await redirected(scene, contacts)).toEqual({ status: 302, contacts: [contacts[1]] });
    expect(scene.events).toContain('reject route-permission');
  });
  test('and is as good as not there when it may call none of them', async () => {
    await using scene = await judging();
    expect(await redirected(scene, ['<tel:+41443335555>'])).toEqual({ status: 480, contacts: [] });
  });
  test('has a few places judged, however many it names', async () => {
    await using scene = await judging();
    const many = Array.from({ length: 200 }, (_, index) => `<sip:00414433${index}@127.0.0.1>`);
    expect(await redirected(scene, many)).toEqual({ status: 480, contacts: [] });
    expect(scene.events.filter((event) => event === 'reject route-permission')).toHaveLength(16);
  });
  test('is charged for where the PBX goes', async () => {
    await using scene = await judging({ outboundRoutes: [{ ...national, extensions: ['1001'] }] });
    await redirected(scene, ['<sip:03012345678@127.0.0.1>']);
    const headers = { ...from('1002'), Diversion: '<sip:1001@127.0.0.1>;reason=deflection' };
    expect(await sent(scene, '03012345678', headers)).toBe('sip:+493012345678');
  });
});

describe('a call outside that a phone has left to others', () => {
  const limited = (extension: number) =>
    judging({ outboundRoutes: [], outbound: { 'concurrent-calls': { extension } } });

  /** The PBX calls a carrier; who called it there hangs up in the end. */
  async function goesOn(scene: Scene, number: string) {
    const call = await scene.call(toGate(scene, number), { headers: from('1001') });
    const accepting = scene.carrier().accept(await scene.carrier().expect('INVITE'));
    await call.answered();
    await accepting;
    return async () => {
      const bye = call.ask('BYE');
      scene.carrier().answer(await scene.carrier().expect('BYE'), 200);
      await bye;
    };
  }
  async function answered(scene: Scene, phone: Phone, number: string) {
    const call = await phone.invite(number);
    const accepting = scene.pbx.accept(await scene.pbx.expect('INVITE'));
    await call.answered();
    await accepting;
    return async () => {
      const bye = call.ask('BYE');
      scene.pbx.answer(await scene.pbx.expect('BYE'), 200);
      await bye;
    };
  }
  const tries = async (phone: Phone) => (await (await phone.invite('1003')).final()).status;
  const busy = (scene: Scene) =>
    scene.pbx.always('INVITE', (invite) => scene.pbx.answer(invite, 480));

  test('is one of its calls until it is over', async () => {
    await using scene = await limited(1);
    const phone = await scene.registered({ user: '1001' });
    const leave = await answered(scene, phone, '03012345678');
    const end = await goesOn(scene, '03012345678');
    await leave();
    busy(scene);
    expect(await tries(phone)).toBe(486);
    await end();
    expect(await tries(phone)).toBe(480);
  });

  test('is one of its calls where it transferred to it', async () => {
    await using scene = await limited(2);
    scene.pbx.always('REFER', (refer) => scene.pbx.answer(refer, 202));
    const phone = await scene.registered({ user: '1001' });
    const leave = await answered(scene, phone, '1002');
    const headers = { 'Refer-To': '<sip:03012345678@127.0.0.1>' };
    expect(await statusOf(phone, 'REFER', 'sip:1002@127.0.0.1', { headers })).toBe(202);
    const end = await goesOn(scene, '03012345678');
    await leave();
    const another = await answered(scene, phone, '1002');
    busy(scene);
    expect(await tries(phone)).toBe(486);
    await end();
    expect(await tries(phone)).toBe(480);
    await another();
  });

  test('is one of the calls of its route, too', async () => {
    await using scene = await judging({
      outbound: { 'concurrent-calls': { extension: null, routes: { national: 1 } } },
    });
    scene.pbx.always('REFER', (refer) => scene.pbx.answer(refer, 202));
    const phone = await scene.registered({ user: '1001' });
    await answered(scene, phone, '1002');
    const headers = { 'Refer-To': '<sip:03012345678@127.0.0.1>' };
    expect(await statusOf(phone, 'REFER', 'sip:1002@127.0.0.1', { headers })).toBe(202);
    const end = await goesOn(scene, '03012345678');
    scene.carrier().always('INVITE', (invite) => scene.carrier().answer(invite, 480));
    const other = () => scene.refused(toGate(scene, '03012345679'), { headers: from('1002') });
    expect(await other()).toBe(486);
    await end();
    expect(await other()).toBe(480);
  });
});

describe('a call outside ends when its time is over (O9)', () => {
  const short = (mode = 'on') =>
    ({
      outbound: { 'call-duration': { seconds: 1, mode } },
    }) as NonNullable<SceneOptions['policy']>;

  async function answered(phone: Phone, by: Pbx, number: string, headers: Headers = {}) {
    const call = await phone.invite(number, { headers });
    const accepting = by.accept(await by.expect('INVITE'), { toTag: crypto.randomUUID() });
    await call.answered();
    return { call, called: await accepting };
  }

  test('on both sides, with the reason', async () => {
    await using scene = await judging(short());
    const phone = await scene.registered();
    await answered(phone, scene.pbx, '03012345678');
    for (const party of [phone, scene.pbx]) {
      const bye = await party.expect('BYE');
      expect(bye.header('Reason')).toBe('Q.850;cause=102;text="Call duration limit"');
      party.answer(bye, 200);
    }
    expect(scene.events).toContain('overdue +493012345678 on');
    expect([...scene.calls]).toEqual([]);
  });

  test('when an exception has ended that let it last, and no sooner', async () => {
    const until = Date.now() + 3000;
    await using scene = await judging({
      ...short(),
      exceptions: {
        conference: {
          ...{ rule: 'call-duration', extension: '1001', why: 'a long one' },
          until: new Date(until).toISOString(),
        },
      },
    });
    const phone = await scene.registered();
    await answered(phone, scene.pbx, '03012345678');
    for (const party of [phone, scene.pbx])
      party.answer(await party.expect('BYE', { within: 6000 }), 200);
    expect(Date.now()).toBeGreaterThan(until - 1000); // what is written is read to the second
  });

  test('from the PBX to a trunk as well', async () => {
    await using scene = await judging(short());
    const call = await scene.call(toGate(scene, '03012345678'), { headers: from('1001') });
    const accepting = scene.carrier().accept(await scene.carrier().expect('INVITE'));
    await call.answered();
    await accepting;
    for (const party of [scene.pbx, scene.carrier()]) party.answer(await party.expect('BYE'), 200);
  });

  test('though one in the house of the same Call-ID and tag has ended', async () => {
    await using scene = await judging(short());
    const phone = await scene.registered();
    const same = { 'Call-ID': 'same', ...from('1001') };
    const house = await answered(phone, scene.pbx, '1002', same);
    await answered(phone, scene.pbx, '03012345678', { ...same, CSeq: '9 INVITE' });
    const bye = house.call.ask('BYE');
    scene.pbx.answer(await scene.pbx.expect('BYE'), 200);
    await bye;
    for (const party of [phone, scene.pbx]) party.answer(await party.expect('BYE'), 200);
    expect([...scene.calls]).toEqual([]);
  });

  describe('though a phone that the PBX calls takes its Call-ID and both tags', () => {
    const toTag = 'of-both';

    /** The PBX calls a phone, and another calls outside as if it were that call; both ring. */
    async function twice(scene: Scene) {
      const called = await scene.registered({ user: '1002', address: '127.0.3.2' });
      const phone = await scene.registered({ user: '1001', address: '127.0.3.1' });
      const house = await scene.call(contactFor(scene, '1002'));
      const ringing = await called.expect('INVITE');
      const headers = { 'Call-ID': ringing.callId, From: `<sip:1001@x>;tag=${ringing.fromTag}` };
      const outside = await phone.invite('03012345678', { headers });
      const invite = await scene.pbx.expect('INVITE');
      scene.pbx.answer(invite, 180, { toTag });
      await outside.rings();
      return { called, phone, house, ringing, outside, invite };
    }

    test.each([
      ['before', 'house'],
      ['after', 'outside'],
    ])('%s it is answered: each is a call', async (_which, first) => {
      await using scene = await judging(short());
      const { called, phone, house, ringing, outside, invite } = await twice(scene);
      const accept = {
        house: () => Promise.all([called.accept(ringing, { toTag }), house.answered()]),
        outside: () => Promise.all([scene.pbx.accept(invite, { toTag }), outside.answered()]),
      };
      await (first === 'house' ? accept.house() : accept.outside());
      await (first === 'house' ? accept.outside() : accept.house());
      expect(scene.calls.size).toBe(2);
      const isOfPhone = ({ method, fromTag }: Received) =>
        method === 'BYE' && fromTag === invite.fromTag;
      for (const [party, bye] of [
        [phone, 'BYE'],
        [scene.pbx, isOfPhone],
      ] as const)
        party.answer(await party.expect(bye), 200);
      expect(scene.calls.size).toBe(0);
    });

    test('a PBX that is a proxy and sends a call on is none', async () => {
      await using scene = await judging(short());
      const called = await scene.registered({ user: '1002', address: '127.0.3.2' });
      const phone = await scene.registered({ user: '1001', address: '127.0.3.1' });
      const one = await phone.invite('1002');
      const invite = await scene.pbx.expect('INVITE');
      const onward = await scene.call(contactFor(scene, '1002'), {
        headers: {
          ...{ From: invite.header('From') ?? '', 'Call-ID': invite.callId },
          Via: [
            `SIP/2.0/UDP ${scene.pbx.address}:${scene.pbx.port};branch=z9hG4bKon`,
            ...invite.headers('Via'),
          ],
        },
      });
      called.answer(await called.expect('INVITE'), 200, { toTag });
      await onward.final();
      scene.pbx.answer(invite, 200, { toTag });
      expect((await one.final()).status).toBe(200);
    });
  });

  test.each([
    ['in the house', '1002'],
    ['of an emergency', '112'],
  ])('though a call %s takes its place (Replaces)', async (_which, number) => {
    await using scene = await judging({
      outbound: { 'call-duration': { seconds: 2, mode: 'on' } },
    });
    const phone = await scene.registered();
    const outside = await answered(phone, scene.pbx, '03012345678');
    const { outside: outsideCalls, leases } = scene.running.edge;
    const live = () => leases.ledger.live('extension:1001');
    const [{ id = '' } = {}] = scene.calls;
    const since = outsideCalls.of(nameOf({ id }))?.answeredAt;
    await phone.silence(100);
    const [callId, fromTag, toTag] = id.split(/;from-tag=|;to-tag=/);
    const Replaces = `${callId};to-tag=${toTag};from-tag=${fromTag}`;
    const { call } = await answered(phone, scene.pbx, number, { Replaces });
    const [going] = [...scene.calls].filter((one) => one.callId === call.callId);
    expect(outsideCalls.of(nameOf({ id: going?.id ?? '' }))).toMatchObject({ answeredAt: since });
    const bye = outside.call.ask('BYE');
    scene.pbx.answer(await scene.pbx.expect('BYE'), 200);
    await bye;
    expect(live()).toBe(1);
    const over = await scene.pbx.expect('BYE');
    expect(over.callId).toBe(call.callId);
    expect(over.header('Reason')).toContain('Call duration limit');
    expect(live()).toBe(0);
    for (const party of [phone, scene.pbx])
      party.always('BYE', (request) => party.answer(request, 200));
  });

  test('but not one in the house, nor an emergency call', async () => {
    await using scene = await judging(short());
    const phone = await scene.registered();
    await answered(phone, scene.pbx, '1002');
    await answered(phone, scene.pbx, '112');
    await phone.silence(2500);
    expect(scene.calls.size).toBe(2);
  });

  test('when a reload makes it so', async () => {
    await using scene = await judging();
    const phone = await scene.registered();
    await answered(phone, scene.pbx, '03012345678');
    await phone.silence(1500);
    const limited = await judging(short());
    await limited[Symbol.asyncDispose]();
    scene.reload({ policy: limited.settings.policy });
    phone.answer(await phone.expect('BYE', { within: 2500 }), 200);
    scene.pbx.answer(await scene.pbx.expect('BYE'), 200);
  });

  test('and only in words where the rule is in shadow', async () => {
    await using scene = await judging(short('shadow'));
    const phone = await scene.registered();
    await answered(phone, scene.pbx, '03012345678');
    await phone.silence(2500);
    expect(scene.events.filter((event) => event.startsWith('overdue'))).toEqual([
      'overdue +493012345678 shadow',
    ]);
  });
});
