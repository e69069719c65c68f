import { describe, expect, test } from 'vitest';
import type { Transport } from '../../src/edge/signaling.ts';
import { heard } from '../contract/scene.ts';
import type { Pbx } from '../support/a-pbx.ts';
import type { Phone } from '../support/a-phone.ts';
import { contactOf, newBranch, type Received } from '../support/sip-party.ts';
import { type SipText, uriOf } from '../support/sip-text.ts';
import { aScene, last, type Scene, type SceneOptions } from './scene.ts';

const INSIDE = '127.0.0.77';

/** What a PBX tells of itself, beside its addresses. */
const chatter = {
  Server: 'Asterisk PBX 22.1',
  'User-Agent': 'Asterisk PBX 22.1',
  Warning: `399 ${INSIDE}:5060 "busy"`,
  'X-Asterisk-HangupCause': 'Normal',
  'P-Charging-Vector': `icid-value=1;icid-generated-at=${INSIDE}`,
};
const kept = { 'X-Note': 'keep "me"', 'Alert-Info': '<http://x.test/r>' };

/** A gate as it ships, before a PBX at an address of its own. */
async function shipped(options: SceneOptions = {}): Promise<Scene> {
  return aScene({ nodes: [{ answersOptions: false, address: INSIDE }], ...options });
}

/** Everything that reached it, but for what is the PBX's own affair: From, To, Call-ID and bodies. */
const seenBy = (party: Phone | Pbx): string =>
  party.received
    .map(({ text }) => text.slice(0, text.indexOf('\r\n\r\n') + 2))
    .map((head) => head.replace(/^(From|To|Call-ID): .*\r\n/gim, ''))
    .join('\n');

function expectNothingOfThePbx(party: Phone | Pbx): void {
  const seen = seenBy(party);
  expect(seen).not.toContain(INSIDE);
  for (const name of Object.keys(chatter)) expect(seen).not.toMatch(new RegExp(`^${name}:`, 'im'));
}

/** An answered call from the phone. */
async function callsOut({ pbx }: Scene, phone: Phone) {
  const caller = await phone.invite('1002');
  const invite = await pbx.expect('INVITE');
  pbx.answer(invite, 180, { headers: { ...chatter, Contact: pbx.contact } });
  const ringing = await caller.rings();
  const accepting = pbx.accept(invite, { headers: { ...chatter, ...kept } });
  const ok = await caller.answered();
  return { caller, called: await accepting, invite, ringing, ok };
}

/** An answered call from the PBX. */
async function callsIn(scene: Scene, phone: Phone) {
  const caller = await scene.call(undefined, { headers: { ...chatter, ...kept } });
  const invite = await phone.expect('INVITE');
  const accepting = phone.accept(invite);
  await caller.answered();
  return { caller, called: await accepting, invite };
}

/** The gate's own URI, in the words of whoever stands at that listener. */
const ours = (scene: Scene, transport: Transport) => {
  const { address, port } = scene.place(transport);
  const parameter = transport === 'udp' ? '' : `;transport=${transport}`;
  return new RegExp(`^sip:pbx@${address}:${port}${parameter};hop=[\\w-]{20,}$`);
};

describe.each(['udp', 'tcp', 'tls', 'ws'] as const)('a phone over %s (S5)', (transport) => {
  test('that calls learns nothing of the PBX, and reaches it with all that follows', async () => {
    await using scene = await shipped({ transports: [...new Set(['udp', transport] as const)] });
    const { pbx } = scene;
    const phone = await scene.registered({ transport });
    const { caller, called, ringing, ok } = await callsOut(scene, phone);
    for (const answer of [ringing, ok]) expect(contactOf(answer)).toMatch(ours(scene, transport));
    expect([ok.header('X-Note'), ok.header('Alert-Info')]).toEqual(Object.values(kept));
    expect(heard(pbx, 'ACK')[0]?.uri).toBe(uriOf(pbx.contact));

    for (const method of ['INVITE', 'INFO', 'UPDATE']) {
      const asked = caller.ask(method);
      const arrived = await pbx.expect(method);
      expect([arrived.uri, arrived.headers('Route')]).toEqual([uriOf(pbx.contact), []]);
      pbx.answer(arrived, 200, { headers: chatter });
      expect((await asked).status).toBe(200);
    }
    for (const method of ['INVITE', 'INFO']) {
      const asked = called.ask(method, { headers: chatter });
      const arrived = await phone.expect(method);
      phone.answer(arrived, 200, { headers: { Server: 'phone' } });
      const answer = await asked;
      expect([answer.status, answer.header('Server')]).toEqual([200, 'phone']);
    }
    const bye = caller.ask('BYE');
    pbx.answer(await pbx.expect('BYE'), 200, { headers: chatter });
    expect((await bye).status).toBe(200);
    expectNothingOfThePbx(phone);
  });

  test('that is called learns nothing of the PBX, and reaches it with all that follows', async () => {
    await using scene = await shipped({ transports: [...new Set(['udp', transport] as const)] });
    const { pbx } = scene;
    const phone = await scene.registered({ transport });
    const { caller, called, invite } = await callsIn(scene, phone);
    expect(contactOf(invite)).toMatch(ours(scene, transport));
    expect(invite.list('Via')).toHaveLength(1);
    expect([invite.header('X-Note'), invite.header('Alert-Info')]).toEqual(Object.values(kept));

    const asked = called.ask('INFO');
    const arrived = await pbx.expect('INFO');
    expect(arrived.uri).toBe(uriOf(pbx.contact));
    pbx.answer(arrived, 200, { headers: chatter });
    expect((await asked).status).toBe(200);
    const held = caller.ask('INVITE', { headers: chatter });
    phone.answer(await phone.expect('INVITE'), 200);
    expect((await held).status).toBe(200);
    const bye = called.ask('BYE');
    pbx.answer(await pbx.expect('BYE'), 200);
    expect((await bye).status).toBe(200);
    expectNothingOfThePbx(phone);
  });
});

test('a stranger who is refused learns nothing of the PBX (S5)', async () => {
  await using scene = await shipped();
  const { pbx } = scene;
  const phone = await scene.phone();
  for (const [method, status] of [
    ['INVITE', 407],
    ['MESSAGE', 404],
    ['OPTIONS', 200],
    ['SUBSCRIBE', 489],
  ] as const) {
    const sent = phone.request(method, 'sip:1002@x.test');
    // the gate asks the PBX how it is by OPTIONS, too
    const arrived = await pbx.expect(
      (message) => message.method === method && message.callId === sent.callId,
    );
    pbx.answer(arrived, status, { headers: { ...chatter, Contact: pbx.contact } });
    expect((await phone.finalAnswer(sent)).status).toBe(status);
  }
  pbx.always('REGISTER', (request) => pbx.answer(request, 401, { headers: chatter }));
  expect((await phone.tryToRegister()).status).toBe(401);
  expectNothingOfThePbx(phone);
});

test('a carrier learns nothing of the PBX, called or calling (S5)', async () => {
  await using scene = await shipped({ carriers: 1 });
  const { pbx } = scene;
  const carrier = scene.carrier();
  const out = await scene.call(`sip:+4930@${carrier.address}:${carrier.port}`, {
    headers: chatter,
  });
  const invite = await carrier.expect('INVITE');
  const accepting = carrier.accept(invite);
  await out.answered();
  const bye = (await accepting).ask('BYE');
  const arrived = await pbx.expect('BYE');
  expect(arrived.uri).toBe(uriOf(pbx.contact));
  pbx.answer(arrived, 200);
  await bye;

  const call = await carrier.invite('sip:+4931@gate.test', { to: scene.place() });
  const accepted = pbx.accept(await pbx.expect('INVITE'), { headers: chatter });
  await call.answered();
  await accepted;
  expectNothingOfThePbx(carrier);
});

describe.each(['udp', 'tcp'] as const)(
  'where the PBX has a listener of its own, a phone over %s',
  (transport) => {
    /** A call each way, with what each side was told to come by. */
    async function routed() {
      const scene = await shipped({ separateCore: true });
      const phone = await scene.registered({ transport });
      const out = await callsOut(scene, phone);
      const to = scene.place('udp', 'core');
      const caller = await scene.call(undefined, { to });
      const invite = await phone.expect('INVITE');
      const accepting = phone.accept(invite);
      await caller.answered();
      return { scene, phone, out, into: { caller, called: await accepting, invite } };
    }
    const routesOf = (message: SipText) => message.list('Record-Route').map(uriOf);

    test('is not told of it; the PBX is told of both', async () => {
      const { scene, out, into, phone } = await routed();
      await using _ = scene;
      const [core, outer] = [scene.place('udp', 'core').port, scene.place(transport).port];
      for (const message of [out.ringing, out.ok, into.invite]) {
        expect(routesOf(message)).toHaveLength(1);
        expect(routesOf(message)[0]).toContain(`:${outer};`);
      }
      for (const routes of [routesOf(out.invite), into.caller.routes.map(uriOf)])
        expect(routes).toEqual([
          expect.stringContaining(`:${core};`),
          expect.stringContaining(`:${outer};`),
        ]);
      expect(seenBy(phone)).not.toContain(`:${core}`);
    });

    test('hears the PBX and is heard, over UDP also after a restart', async () => {
      const { scene, phone, out, into } = await routed();
      await using _ = scene;
      const { pbx } = scene;
      const speak = async () => {
        for (const [asking, answerer] of [
          [out.caller, pbx],
          [out.called, phone],
          [into.caller, phone],
          [into.called, pbx],
        ] as const) {
          const asked = asking.ask('INFO');
          const arrived = await answerer.expect('INFO');
          expect(arrived.headers('Route')).toEqual([]);
          answerer.answer(arrived, 200);
          expect((await asked).status).toBe(200);
        }
      };
      await speak();
      if (transport !== 'udp') return;
      await scene.restart();
      await speak();
    });

    test('sees as little of it in a 200 that is repeated as in the first', async () => {
      const { scene, phone, out, into } = await routed();
      await using _ = scene;
      const answers = (party: Phone | Pbx, { callId }: SipText) =>
        heard(party, 200).filter((ok) => ok.callId === callId);
      scene.pbx.answer(out.invite, 200);
      await expect.poll(() => answers(phone, out.invite).length).toBe(2);
      for (const ok of answers(phone, out.invite)) expect(routesOf(ok)).toHaveLength(1);
      phone.answer(into.invite, 200);
      await expect.poll(() => answers(scene.pbx, into.invite).length).toBe(2);
      for (const ok of answers(scene.pbx, into.invite)) expect(routesOf(ok)).toHaveLength(2);
    });
  },
);

describe('a subscription', () => {
  test('is refreshed, notified and ended through our URI, also after a restart', async () => {
    await using scene = await shipped();
    const { pbx } = scene;
    const phone = await scene.registered();
    const first = phone.request('SUBSCRIBE', 'sip:1002@x.test', { headers: { Event: 'presence' } });
    const subscribe = await pbx.expect('SUBSCRIBE');
    pbx.answer(subscribe, 200, { headers: chatter });
    const ok = await phone.finalAnswer(first);
    const dialog = {
      From: first.header('From'),
      To: ok.header('To'),
      'Call-ID': first.callId,
      Route: ok.list('Record-Route').toReversed(),
      Event: 'presence',
    };
    for (const cseq of [2, 3]) {
      const sent = phone.request('SUBSCRIBE', contactOf(ok), {
        headers: { ...dialog, CSeq: `${cseq} SUBSCRIBE` },
      });
      const again = await pbx.expect('SUBSCRIBE');
      expect(again.uri).toBe(uriOf(pbx.contact));
      pbx.answer(again, 200);
      expect((await phone.finalAnswer(sent)).status).toBe(200);
      await scene.restart();
    }
    pbx.request('NOTIFY', contactOf(subscribe), {
      to: scene.place(),
      headers: {
        ...chatter,
        From: ok.header('To'),
        To: first.header('From'),
        'Call-ID': first.callId,
        CSeq: '7 NOTIFY',
        Route: subscribe.headers('Record-Route'),
        Event: 'presence',
      },
    });
    const notify = await phone.expect('NOTIFY');
    expect(contactOf(notify)).toMatch(ours(scene, 'udp'));
    expectNothingOfThePbx(phone);
  });
});

describe('a transfer', () => {
  test('names the PBX to the PBX: what a phone makes of our Contact is put right (REFER, Replaces)', async () => {
    await using scene = await shipped();
    const { pbx } = scene;
    const phone = await scene.registered();
    const one = await callsOut(scene, phone);
    const two = await callsOut(scene, phone);
    const replaces = `?Replaces=${encodeURIComponent(`${two.ok.callId};to-tag=a;from-tag=b`)}`;
    for (const [referTo, expected] of [
      [`<${two.caller.remoteTarget}${replaces}>`, `<${uriOf(pbx.contact)}${replaces}>`],
      [`"B" <${two.caller.remoteTarget}>;x=y`, `"B" <${uriOf(pbx.contact)}>;x=y`],
      ['<sip:1003@x.test>', '<sip:1003@x.test>'],
    ] as const) {
      one.caller.request('REFER', { headers: { 'Refer-To': referTo } });
      const refer = await pbx.expect('REFER');
      expect([refer.uri, refer.header('Refer-To')]).toEqual([uriOf(pbx.contact), expected]);
      pbx.answer(refer, 202);
    }
  });

  test('by the PBX leads to our URI, and from there to where the PBX said', async () => {
    await using scene = await shipped();
    const { pbx } = scene;
    const phone = await scene.registered();
    const { called } = await callsOut(scene, phone);
    const place = `sip:1003@${INSIDE}:${pbx.port}`;
    const elsewhere = 'sip:1003@192.0.2.7';
    for (const target of [place, elsewhere]) {
      called.request('REFER', { headers: { 'Refer-To': `<${target}>` } });
      const refer = await phone.expect('REFER');
      const told = uriOf(refer.header('Refer-To') ?? '');
      expect(told === target).toBe(target === elsewhere);
      await phone.invite(told);
      expect((await pbx.expect('INVITE')).uri).toBe(target);
    }
  });

  test('by 302 leads to our URI, and from there to where the PBX said', async () => {
    await using scene = await shipped();
    const { pbx } = scene;
    const phone = await scene.registered();
    const moved = await phone.invite('1002');
    const places = [`sip:1003@${INSIDE}:${pbx.port};x=y`, 'sip:1004@192.0.2.7'];
    pbx.answer(await pbx.expect('INVITE'), 302, {
      headers: {
        Contact: places.map((place, index) => `"${index}, a" <${place}>;q=0.${index}`).join(', '),
      },
    });
    const [inside = '', outside = ''] = (await moved.final()).list('Contact');
    expect(outside).toBe('"1, a" <sip:1004@192.0.2.7>;q=0.1');
    expect(inside).toMatch(/^"0, a" <sip:1003@[\d.:]+;hop=[\w-]+>;q=0\.0$/);
    await phone.invite(uriOf(inside));
    expect((await pbx.expect('INVITE')).uri).toBe(places[0]);
  });
});

test('our URI without a user, in a call, is the PBX and not us', async () => {
  await using scene = await shipped();
  const { pbx } = scene;
  const phone = await scene.registered();
  const caller = await phone.invite('1002');
  const real = `sip:${INSIDE}:${pbx.port}`;
  const accepting = pbx.accept(await pbx.expect('INVITE'), { headers: { Contact: `<${real}>` } });
  await caller.answered();
  await accepting;
  expect(caller.remoteTarget).toMatch(/^sip:127\.0\.0\.1:\d+;hop=/);
  const asked = caller.ask('OPTIONS');
  const arrived = await pbx.expect(
    (message: Received) => message.callId === caller.callId && message.method === 'OPTIONS',
  );
  expect(arrived.uri).toBe(real);
  pbx.answer(arrived, 200);
  expect((await asked).status).toBe(200);
});

test('a call goes on over a restart, and over a reload that hides nothing any more', async () => {
  await using scene = await shipped();
  const { pbx } = scene;
  const phone = await scene.registered();
  const { caller } = await callsOut(scene, phone);
  const reachesPbx = async () => {
    const asked = caller.ask('INFO');
    const arrived = await pbx.expect('INFO');
    expect(arrived.uri).toBe(uriOf(pbx.contact));
    pbx.answer(arrived, 200, { headers: chatter });
    const answer = await asked;
    expect(answer.status).toBe(200);
    return answer;
  };
  expect((await reachesPbx()).header('Server')).toBeUndefined();
  scene.reload({ topology: { hide: [], headersOutward: [], headersInward: [] } });
  expect((await reachesPbx()).header('Server')).toBe(chatter.Server);
  await scene.restart();
  await reachesPbx();
});

test('the gate ends a call on both sides as each knows it', async () => {
  await using scene = await shipped();
  const { pbx } = scene;
  const phone = await scene.registered();
  const { caller } = await callsOut(scene, phone);
  expect(scene.running.edge.serving.end(caller.callId, { text: 'enough' })).toBe(true);
  expect((await pbx.expect('BYE')).uri).toBe(uriOf(pbx.contact));
  expect((await phone.expect('BYE')).uri).toBe(uriOf(phone.contact));
  expectNothingOfThePbx(phone);
});

test('what the PBX registers at a carrier is reached through us, and comes back as it gave it', async () => {
  await using scene = await shipped({ carriers: 1 });
  const { pbx } = scene;
  const carrier = scene.carrier();
  const sent = pbx.request('REGISTER', `sip:${carrier.address}:${carrier.port}`, {
    to: scene.place(),
    headers: { Contact: `${pbx.contact};expires=300` },
  });
  const register = await carrier.expect('REGISTER');
  expect(contactOf(register)).toMatch(ours(scene, 'udp'));
  carrier.answer(register, 200, { headers: { Contact: register.headers('Contact') } });
  expect((await pbx.finalAnswer(sent)).header('Contact')).toBe(`${pbx.contact};expires=300`);

  const call = await carrier.invite(contactOf(register), { to: scene.place() });
  const invite = await pbx.expect('INVITE');
  expect(invite.uri).toBe(uriOf(pbx.contact));
  pbx.answer(invite, 486);
  await call.final();
  expectNothingOfThePbx(carrier);
});

describe('the settings', () => {
  /** A call each way, and what was seen of it outside. */
  async function seenWith(topology: SceneOptions['topology'], options: SceneOptions = {}) {
    const scene = await shipped({ ...(topology && { topology }), ...options });
    await using _ = scene;
    const phone = await scene.registered();
    const top = `SIP/2.0/UDP ${INSIDE}:${scene.pbx.port};branch=${newBranch()};rport`;
    await scene.call(undefined, {
      headers: { ...chatter, Via: [top, 'SIP/2.0/UDP beyond.test;branch=z9hG4bKx'] },
    });
    const invite = await phone.expect('INVITE');
    phone.answer(invite, 486, { headers: { 'X-Phone-Model': 'T', 'X-Phone': 'T', Server: 'T' } });
    const refusal = await scene.pbx.expect(486);
    const { ok } = await callsOut(scene, phone);
    return { invite, ok, refusal, arrived: last(scene.pbx, 'INVITE') };
  }
  const told = (message: SipText) =>
    Object.keys(chatter).filter((name) => message.header(name) !== undefined);

  test('hide nothing: all passes as it is', async () => {
    const { invite, ok } = await seenWith({ hide: [] });
    expect([told(invite), told(ok)]).toEqual([Object.keys(chatter), Object.keys(chatter)]);
    expect(invite.list('Via')).toHaveLength(3);
    for (const message of [invite, ok]) expect(contactOf(message)).toContain(INSIDE);
  });

  test.each([
    ['headers', 0, 3, true],
    ['via', 5, 1, true],
    ['contact', 5, 3, false],
  ] as const)('hide %s alone: nothing else changes', async (what, headers, vias, contact) => {
    const { invite, ok } = await seenWith({ hide: [what] });
    expect([told(invite).length, told(ok).length]).toEqual([headers, headers]);
    expect(invite.list('Via')).toHaveLength(vias);
    for (const message of [invite, ok]) expect(contactOf(message).includes(INSIDE)).toBe(contact);
  });

  test('say which headers go, each way', async () => {
    const { invite, ok, refusal } = await seenWith({
      headersOutward: ['Server', 'x-asterisk-*'],
      headersInward: ['X-Phone-*'],
    });
    const left = ['User-Agent', 'Warning', 'P-Charging-Vector'];
    expect([told(invite), told(ok)]).toEqual([left, left]);
    const names = ['X-Phone-Model', 'X-Phone', 'Server'];
    expect(names.map((name) => refusal.header(name))).toEqual([undefined, 'T', 'T']);
  });

  test('the secret that marks calls of trunks never leaves, though the PBX repeat it and nothing is hidden', async () => {
    const trunkHeader = { name: 'X-Trunk', value: 'secret-secret-secret' };
    await using scene = await shipped({
      carriers: 1,
      pbx: { trunkHeader },
      topology: { hide: [] },
    });
    const { pbx } = scene;
    const phone = await scene.registered();
    const headers = { 'X-Trunk': trunkHeader.value };
    await scene.call(undefined, { headers });
    expect((await phone.expect('INVITE')).header('X-Trunk')).toBeUndefined();
    const call = await phone.invite('1002');
    pbx.answer(await pbx.expect('INVITE'), 486, { headers });
    expect((await call.final()).header('X-Trunk')).toBeUndefined();
  });

  test('a list that would take that mark from calls of trunks spares it', async () => {
    const trunkHeader = { name: 'X-Trunk', value: 'secret-secret-secret' };
    await using scene = await shipped({
      ...{ carriers: 1, pbx: { trunkHeader }, topology: { headersInward: ['X-*'] } },
    });
    const to = scene.place();
    const headers = { 'X-Trunk': 'forged', 'X-Other': 'x' };
    await scene.carrier().invite('sip:+4930@gate.test', { to, headers });
    const invite = await scene.pbx.expect('INVITE');
    expect([invite.headers('X-Trunk'), invite.header('X-Other')]).toEqual([
      [trunkHeader.value],
      undefined,
    ]);
  });
});
