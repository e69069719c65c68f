import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { heard, linesBut } from '../contract/scene.ts';
import type { RegisterOptions } from '../support/a-phone.ts';
import { aScene, last, uriParameter } from './scene.ts';

const TOKEN = /^[\w-]{16}$/;

describe('a REGISTER on its way to the PBX', () => {
  test('has a Contact of ours that names the binding; all else is as the phone sent it', async () => {
    await using scene = await aScene();
    const phone = await scene.phone();
    await phone.register({ headers: { 'X-Odd': ' a  "b" ', Expires: '120', 'User-Agent': 'T 1' } });
    const { address, port } = scene.place();
    const register = last(scene.pbx, 'REGISTER');
    expect(uriParameter(scene.contact(), 'flow')).toMatch(TOKEN);
    expect(scene.given()).toEqual([
      `<sip:1001@${address}:${port};flow=${uriParameter(scene.contact(), 'flow')}>`,
    ]);
    expect(linesBut(register.text, 'Via', 'Contact', 'Max-Forwards')).toEqual([
      `REGISTER sip:127.0.0.1 SIP/2.0`,
      `From: ${register.header('From')}`,
      'To: <sip:1001@127.0.0.1>',
      `Call-ID: ${register.callId}`,
      'CSeq: 1 REGISTER',
      'Expires: 120',
      'X-Odd:  a  "b" ',
      'User-Agent: T 1',
      'Content-Length: 0',
      '',
      '',
    ]);
  });

  test('keeps what the Contact header says beside the URI', async () => {
    await using scene = await aScene();
    const phone = await scene.phone();
    const parameters = ';q=0.5;+sip.instance="<urn:uuid:0a, b;c>";reg-id=1;expires=90';
    const ok = await phone.register({
      contact: `"A, \\"B" <sip:1001@10.0.0.9:5999;ob>${parameters}`,
    });
    expect(scene.given()).toHaveLength(1);
    expect(scene.given()[0]).toMatch(/^<sip:1001@[^>]*;flow=[\w-]{16}>;q=0\.5;/);
    expect(scene.given()[0]?.endsWith(parameters)).toBe(true);
    expect(ok.list('Contact')).toEqual([`<sip:1001@10.0.0.9:5999;ob>${parameters}`]);
  });

  test('has one Contact of ours for each of several, and the phone gets its own back', async () => {
    await using scene = await aScene();
    const phone = await scene.phone();
    const own = ['<sip:1001@10.0.0.1>;q=1', '<sip:1001@10.0.0.2:5070;transport=tcp>', 'sip:h.test'];
    const ok = await phone.register({ headers: { Contact: own } });
    const tokens = scene.given().map((contact) => uriParameter(contact, 'flow'));
    expect(new Set(tokens).size).toBe(3);
    expect(scene.given()[2]).toMatch(/^<sip:127\.0\.0\.1:\d+;flow=/);
    expect(ok.list('Contact')).toEqual([
      '<sip:1001@10.0.0.1>;q=1;expires=300',
      '<sip:1001@10.0.0.2:5070;transport=tcp>;expires=300',
      '<sip:h.test>;expires=300',
    ]);
    expect(scene.running.edge.registrations.size).toBe(3);
  });

  test('has the same Contact each time, also from another port and over another transport', async () => {
    await using scene = await aScene();
    const contact = '<sip:1001@10.0.0.1>';
    const given = new Set<string>();
    for (const transport of ['udp', 'udp', 'tcp', 'tcp'] as const) {
      const phone = await scene.phone({ transport });
      await phone.register({ contact });
      given.add(scene.contact());
    }
    expect(given.size).toBe(1);
    expect(scene.running.edge.registrations.size).toBe(1);
  });

  test('of two extensions with one Contact has two tokens', async () => {
    await using scene = await aScene();
    const contact = '<sip:phone@10.0.0.1>';
    const given = new Set<string>();
    for (const user of ['1001', '1002']) {
      await (await scene.phone({ user })).register({ contact });
      given.add(scene.contact());
    }
    expect(given.size).toBe(2);
  });
});

describe('the answer on its way back', () => {
  test('401, then 200: only the 200 registers', async () => {
    await using scene = await aScene();
    const { pbx } = scene;
    pbx.always('REGISTER', (request) => {
      if (request.header('Authorization') === undefined)
        pbx.answer(request, 401, {
          headers: { 'WWW-Authenticate': 'Digest realm="r", nonce="n"' },
        });
      else pbx.answer(request, 200, { headers: { Contact: request.headers('Contact') } });
    });
    const phone = await scene.phone({ password: 'x' });
    const refused = await phone.tryToRegister({ authenticates: false });
    expect([refused.status, scene.running.edge.registrations.size]).toEqual([401, 0]);
    await phone.register();
    expect(scene.running.edge.registrations.size).toBe(1);
  });

  test('423 passes with its Min-Expires, and registers nobody', async () => {
    await using scene = await aScene();
    const { pbx } = scene;
    pbx.always('REGISTER', (request) =>
      pbx.answer(request, 423, { headers: { 'Min-Expires': '60' } }),
    );
    const answer = await (await scene.phone()).tryToRegister({ expires: 5 });
    expect([answer.status, answer.header('Min-Expires')]).toEqual([423, '60']);
    expect(scene.kept.size).toBe(0);
  });

  test('leaves the Contacts of others as they are', async () => {
    await using scene = await aScene();
    const { pbx } = scene;
    const other = '"Desk" <sip:1001@192.0.2.9;x=1>;expires=17;q=0.1';
    pbx.always('REGISTER', (request) =>
      pbx.answer(request, 200, { headers: { Contact: [other, ...request.headers('Contact')] } }),
    );
    const phone = await scene.phone();
    const ok = await phone.register();
    expect(ok.list('Contact')).toEqual([other, phone.contact]);
  });

  test('gives two phones of one extension each its own and the other’s as that one wrote it', async () => {
    await using scene = await aScene();
    const { pbx } = scene;
    const all = new Set<string>();
    pbx.always('REGISTER', (request) => {
      for (const contact of request.list('Contact')) all.add(contact);
      pbx.answer(request, 200, { headers: { Contact: [...all] } });
    });
    const desk = await scene.registered();
    const soft = await scene.phone({ transport: 'tcp' });
    expect((await soft.register()).list('Contact')).toEqual([desk.contact, soft.contact]);
    const query = await desk.register({ headers: { Contact: undefined, Expires: undefined } });
    expect(query.list('Contact')).toEqual([desk.contact, soft.contact]);
    expect(scene.running.edge.registrations.size).toBe(2);
  });

  test.each([
    ['in the Contact', (contact: string) => ({ Contact: `${contact};expires=20` }), 20],
    ['in the header', (contact: string) => ({ Contact: contact, Expires: '30' }), 30],
    ['nowhere', (contact: string) => ({ Contact: contact }), 300],
  ])('says how long it lasts: %s', async (_where, headers, seconds) => {
    await using scene = await aScene();
    const { pbx } = scene;
    pbx.always('REGISTER', (request) =>
      pbx.answer(request, 200, { headers: headers(request.header('Contact') ?? '') }),
    );
    await (await scene.phone()).register();
    const [binding] = scene.running.edge.registrations.all();
    const left = ((binding?.expiresAt ?? 0) - Date.now()) / 1000;
    expect(Math.abs(left - seconds)).toBeLessThan(2);
  });

  test('a 200 that does not list the Contact registers nobody', async () => {
    await using scene = await aScene();
    const { pbx } = scene;
    pbx.always('REGISTER', (request) => pbx.answer(request, 200));
    await (await scene.phone()).register();
    expect(scene.running.edge.registrations.size).toBe(0);
  });
});

describe('a binding ends', () => {
  test.each<[string, RegisterOptions]>([
    ['with Expires: 0', { expires: 0 }],
    ['with ;expires=0', { headers: { Contact: '<sip:1001@10.0.0.1>;expires=0' } }],
    ['with Contact: *', { expires: 0, headers: { Contact: '*' } }],
  ])('%s', async (_how, options) => {
    await using scene = await aScene();
    const { pbx } = scene;
    const phone = await scene.phone();
    await phone.register({ contact: '<sip:1001@10.0.0.1>' });
    expect([scene.running.edge.registrations.size, scene.kept.size]).toEqual([1, 1]);
    const uri = scene.contact();
    pbx.always('REGISTER', (request) => pbx.answer(request, 200));
    await phone.register({ contact: '<sip:1001@10.0.0.1>', ...options });
    expect([scene.running.edge.registrations.size, scene.kept.size]).toEqual([0, 0]);
    expect(await scene.refused(uri)).toBe(480);
    if (options.headers?.Contact === '*') expect(scene.given()).toEqual(['*']);
  });

  test('when the PBX lists it no longer: it made room for another', async () => {
    await using scene = await aScene();
    const first = await scene.registered();
    const uri = scene.contact();
    const second = await scene.registered();
    expect(scene.running.edge.registrations.size).toBe(1);
    expect(await scene.refused(uri)).toBe(480);
    await scene.reaches(second);
    await first.silence(50);
  });

  test('when a query does not list it', async () => {
    await using scene = await aScene();
    const { pbx } = scene;
    const phone = await scene.registered();
    pbx.always('REGISTER', (request) => pbx.answer(request, 200));
    await phone.register({ headers: { Contact: undefined, Expires: undefined } });
    expect(heard(pbx, 'REGISTER').at(-1)?.header('Contact')).toBeUndefined();
    expect(scene.running.edge.registrations.size).toBe(0);
  });

  test('when another is taken back and it is not listed either', async () => {
    await using scene = await aScene();
    const { pbx } = scene;
    const phone = await scene.phone();
    await phone.register({ contact: '<sip:1001@10.0.0.1>' });
    pbx.always('REGISTER', (request) => pbx.answer(request, 200));
    await phone.register({ contact: '<sip:1001@10.0.0.2>', expires: 0 });
    expect(scene.running.edge.registrations.size).toBe(0);
  });

  test('at its time, when nobody refreshes it: it is not called any more', async () => {
    await using scene = await aScene();
    const phone = await scene.phone();
    await phone.register({ expires: 1 });
    const uri = scene.contact();
    await scene.reaches(phone, uri);
    await sleep(1050);
    expect(await scene.refused(uri)).toBe(480);
    await phone.silence(50);
  });
});

describe('refused by the gate itself', () => {
  test('a To that is no address: 400', async () => {
    await using scene = await aScene();
    const phone = await scene.phone();
    expect((await phone.tryToRegister({ headers: { To: '<tel:+1>' } })).status).toBe(400);
    expect(heard(scene.pbx, 'REGISTER')).toEqual([]);
  });

  test('one more than there is room for: 503 with Retry-After; who is in may refresh and leave', async () => {
    await using scene = await aScene({ mostRegistrations: 1 });
    const first = await scene.registered();
    const second = await scene.phone({ user: '1002' });
    const answer = await second.tryToRegister();
    expect([answer.status, answer.header('Retry-After')]).toEqual([503, '7']);
    await first.register();
    await first.unregister();
    await second.register();
  });
});
