import { describe, expect, test } from 'vitest';
import { heard, speak } from '../contract/scene.ts';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import type { Phone } from '../support/a-phone.ts';
import { ownAddress } from '../support/own-address.ts';
import type { HeaderValues } from '../support/sip-text.ts';
import { aScene, last, type Scene, type SceneOptions, statusOf } from './scene.ts';

/** A machine that must never hear from the gate, whatever a phone says. */
async function aThirdParty(port = 0): Promise<Pbx> {
  return aPbx({ address: ownAddress(), port, answersOptions: false });
}

/** A gate, a phone on it, and a third party that the phone wants to reach through it. */
/** `beside`: a party listens on the PBX's machine too, on the port that the third party has on its own. */
async function aTrap(options: SceneOptions & { readonly beside?: Pbx } = {}) {
  const scene = await aScene({ nodes: [{ answersOptions: false }], ...options });
  scene.pbx.answer(await scene.pbx.expect('OPTIONS'), 200);
  const third = await aThirdParty(options.beside?.port);
  const phone = await scene.phone();
  return {
    scene,
    third,
    phone,
    async [Symbol.asyncDispose]() {
      await third.close();
      await scene[Symbol.asyncDispose]();
    },
  };
}

/** A call with the PBX that is up, and the Route by which the phone speaks in it. */
async function talking(scene: Scene, phone: Phone) {
  const { pbx } = scene;
  const caller = await phone.invite('1002');
  const invite = await pbx.expect('INVITE');
  const accepting = pbx.accept(invite);
  await caller.answered();
  return { caller, called: await accepting, routes: caller.routes };
}

describe('a phone’s request goes to the PBX, whatever it says', () => {
  const uri = ({ address, port }: Pbx, more = '') => `sip:1002@${address}:${port}${more}`;
  const attempts: readonly [
    string,
    (third: Pbx, scene: Scene) => readonly [string, HeaderValues],
  ][] = [
    ['in the Request-URI', (third) => [uri(third), {}]],
    ['in the Request-URI, over TCP', (third) => [uri(third, ';transport=tcp'), {}]],
    ['in maddr', (third, { pbx }) => [`${pbx.uri};maddr=${third.address}`, {}]],
    ['in a Route', (third) => ['sip:1002@x.test', { Route: `<${third.uri};lr>` }]],
    ['in a strict Route', (third) => ['sip:1002@x.test', { Route: `<${third.uri}>` }]],
    [
      'behind our own Route',
      (third, scene) => ['sip:1002@x.test', { Route: `${ours(scene)}, <${third.uri};lr>` }],
    ],
    [
      'strict, behind our own Route',
      (third, scene) => ['sip:1002@x.test', { Route: [ours(scene), `<${third.uri}>`] }],
    ],
    [
      'where a strict router puts it',
      (third, scene) => [ours(scene, '1002').slice(1, -1), { Route: `<${uri(third)}>` }],
    ],
    ['as a tel: with a Route', (third) => ['tel:+4930', { Route: `<${third.uri};lr>` }]],
  ];

  test.each(attempts)('%s', async (_where, attempt) => {
    await using trap = await aTrap();
    const { scene, third, phone } = trap;
    const [requestUri, headers] = attempt(third, scene);
    for (const method of ['INVITE', 'MESSAGE', 'SUBSCRIBE', 'REGISTER', 'OPTIONS', 'FOO']) {
      const To = '<sip:1001@example.test>';
      const sent = phone.request(method, requestUri, { headers: { To, ...headers } });
      // a REGISTER the PBX answers by itself
      if (method === 'REGISTER') await phone.finalAnswer(sent);
      const came = method === 'REGISTER' ? last(scene.pbx, method) : await scene.pbx.expect(method);
      expect(came.header('Route'), method).toBeUndefined();
      expect(came.uri, method).not.toBe(third.uri);
      if (method !== 'REGISTER') scene.pbx.answer(came, 403);
    }
    await third.silence(80);
  });
});

const ours = (scene: Scene, user = ''): string => {
  const { address, port } = scene.place();
  return `<sip:${user === '' ? '' : `${user}@`}${address}:${port};lr>`;
};

describe('a To tag opens no way out', () => {
  test('without a Route of ours: 481', async () => {
    await using trap = await aTrap();
    const { scene, third, phone } = trap;
    const To = '<sip:x@y>;tag=1';
    for (const method of ['INVITE', 'BYE', 'NOTIFY', 'FOO'])
      expect(await statusOf(phone, method, third.uri, { headers: { To } }), method).toBe(481);
    const Route = `<${third.uri};lr>`;
    expect(await statusOf(phone, 'BYE', third.uri, { headers: { To, Route } })).toBe(481);
    await third.silence(50);
    await scene.pbx.silence(0);
  });

  test('with a Route of ours that was never given: 403', async () => {
    await using trap = await aTrap();
    const { scene, third, phone } = trap;
    const Route = ours(scene, 'A'.repeat(28));
    for (const uri of [third.uri, scene.pbx.uri])
      expect(await statusOf(phone, 'BYE', uri, { headers: { To: '<sip:x@y>;tag=1', Route } })).toBe(
        403,
      );
    await third.silence(50);
  });

  const ways: readonly [string, (third: Pbx, scene: Scene) => string][] = [
    ['another host', (third) => third.uri],
    ['maddr', (third, { pbx }) => `${pbx.uri};maddr=${third.address}`],
    [
      'maddr and port',
      ({ address, port }, { pbx }) => `sip:${pbx.address}:${port};maddr=${address}`,
    ],
    ['another port of the PBX', ({ port }, { pbx }) => `sip:${pbx.address}:${port}`],
    ['a carrier', (_third, scene) => scene.carrier().uri],
  ];
  const closed = ['a closed port of the PBX', () => 'sip:127.0.0.1:5061'] as const;
  test.each(ways)('with its own Route, in no call, to %s', async (_to, way) => {
    await using listening = disposable(await aPbx({ answersOptions: false }));
    const { party: beside } = listening;
    await using trap = await aTrap({ carriers: 1, beside });
    const { scene, third, phone } = trap;
    const { routes } = await talking(scene, phone);
    for (const method of ['INVITE', 'BYE', 'MESSAGE']) {
      for (const transport of ['', ';transport=tcp']) {
        const headers = { To: '<sip:x@y>;tag=1', Route: routes };
        expect(
          await statusOf(phone, method, way(third, scene) + transport, { headers }),
          method + transport,
        ).toBe(403);
        const behind = { ...headers, Route: [...routes, `<${way(third, scene)}${transport};lr>`] };
        expect(await statusOf(phone, method, scene.pbx.uri, { headers: behind })).toBe(403);
      }
    }
    for (const party of [third, scene.carrier(), beside]) await party.silence(30);
  });

  test.each([...ways, closed])('in its own call, to %s', async (_to, way) => {
    await using listening = disposable(await aPbx({ answersOptions: false }));
    const { party: beside } = listening;
    await using trap = await aTrap({ carriers: 1, beside });
    const { scene, third, phone } = trap;
    const { caller } = await talking(scene, phone);
    const { From, To, Route } = {
      From: caller.invite.header('From'),
      To: `<sip:1002@127.0.0.1>;tag=${scene.pbx.tagFor(caller.callId)}`,
      Route: caller.routes,
    };
    for (const method of ['INFO', 'INVITE', 'BYE'])
      scene.pbx.always(method, (request) => scene.pbx.answer(request, 488));
    let cseq = 10;
    for (const method of ['INFO', 'INVITE', 'BYE'])
      for (const transport of ['', ';transport=tcp']) {
        cseq += 1;
        const headers = { From, To, Route, 'Call-ID': caller.callId, CSeq: `${cseq} ${method}` };
        expect(
          await statusOf(phone, method, way(third, scene) + transport, { headers }),
          method,
        ).toBe(403);
        // an ACK has no answer
        phone.request('ACK', way(third, scene) + transport, {
          headers: { ...headers, CSeq: `${cseq} ACK` },
        });
      }
    expect(scene.calls.size).toBe(1);
    for (const party of [third, scene.carrier(), beside]) await party.silence(30);
  });

  test('a phone that speaks as the PBX in its own call neither ends it for us nor moves it', async () => {
    await using scene = await aScene();
    const phone = await scene.phone({ address: '127.0.0.5' });
    const accomplice = await scene.phone({ address: '127.0.0.6' });
    const { caller, called } = await talking(scene, phone);
    for (const party of [phone, accomplice]) party.always('BYE', (bye) => party.answer(bye, 200));
    scene.pbx.always('BYE', (bye) => scene.pbx.answer(bye, 481));
    const headers = {
      From: `${caller.invite.header('To')};tag=${scene.pbx.tagFor(caller.callId)}`,
      To: caller.invite.header('From'),
      'Call-ID': caller.callId,
      CSeq: '900 BYE',
    };
    for (const by of [phone, accomplice])
      for (const Route of [caller.routes, undefined])
        expect(
          await statusOf(by, 'BYE', phone.contact.slice(1, -1), { headers: { ...headers, Route } }),
        ).toBeGreaterThanOrEqual(400);
    expect(scene.calls.size).toBe(1);
    const info = caller.ask('INFO');
    scene.pbx.answer(await scene.pbx.expect('INFO'), 200);
    expect((await info).status).toBe(200);
    await called.bye();
    expect(scene.calls.size).toBe(0);
  });

  test('a BYE that the PBX refuses ends nothing: a phone could make one that it must refuse', async () => {
    await using scene = await aScene();
    const phone = await scene.phone();
    const { caller, called } = await talking(scene, phone);
    for (const [status, headers] of [
      [420, { Require: 'nonsense' }],
      [500, { CSeq: '1 BYE' }],
    ] as const) {
      const bye = caller.ask('BYE', { headers });
      scene.pbx.answer(await scene.pbx.expect('BYE'), status);
      await bye;
    }
    expect(scene.calls.size).toBe(1);
    const bye = called.ask('BYE');
    phone.answer(await phone.expect('BYE'), 481);
    await bye;
    expect(scene.calls.size).toBe(0);
  });

  test('after a restart its own Route leads to the PBX all the same', async () => {
    await using scene = await aScene();
    const phone = await scene.phone();
    const { caller, called } = await talking(scene, phone);
    await scene.restart();
    const info = caller.ask('INFO');
    scene.pbx.answer(await scene.pbx.expect('INFO'), 200);
    expect((await info).status).toBe(200);
    const bye = called.ask('BYE');
    phone.answer(await phone.expect('BYE'), 200);
    expect((await bye).status).toBe(200);
  });
});

const disposable = (party: Pbx) => ({
  party,
  [Symbol.asyncDispose]: () => party.close(),
});

describe('a REGISTER cannot lead the PBX around us', () => {
  test('its Path is not passed on when the PBX is told by Contact', async () => {
    await using scene = await aScene();
    const phone = await scene.phone();
    await phone.register({
      headers: { Path: '<sip:evil.test;lr>', Supported: 'path', Route: '<sip:evil.test;lr>' },
    });
    const register = last(scene.pbx, 'REGISTER');
    expect([register.header('Path'), register.header('Route')]).toEqual([undefined, undefined]);
  });

  test.each([
    ['a quote in the display name', '"a\\" <sip:evil@evil.test>" <sip:1001@10.0.0.1>'],
    ['a comma in the user part', '<sip:1001,1002@10.0.0.1>'],
    ['a parameter in the user part', '<sip:1001;flow=AAAAAAAAAAAAAAAA@10.0.0.1>'],
    ['our parameter in the URI', '<sip:1001@10.0.0.1;flow=AAAAAAAAAAAAAAAA>'],
    ['a password', '<sip:1001:secret@10.0.0.1>'],
    ['two at signs', '<sip:1001@a@10.0.0.1>'],
    ['another scheme', '<tel:+4930>'],
    ['a web page', '<https://evil.test/?a=b>'],
    ['headers in the URI', '<sip:1001@10.0.0.1?Route=%3Csip:evil.test%3E>'],
    ['escaped line ends', '<sip:10%0D%0A01@10.0.0.1>'],
    ['a quoted parameter', '<sip:1001@10.0.0.1>;x="a, <sip:evil@evil.test>;y"'],
    ['a folded header', '<sip:1001@10.0.0.1>;x=1\r\n ;y=2'],
    ['bytes beyond ASCII', '<sip:10\xe9\x00fe01@10.0.0.1>'.replace('\x00', '')],
  ])('one Contact in, one of ours out: %s', async (_what, contact) => {
    await using scene = await aScene();
    const phone = await scene.phone();
    const answer = await phone.tryToRegister({ contact });
    expect(answer.status).toBe(200);
    const { address, port } = scene.place();
    expect(scene.given()).toHaveLength(1);
    expect(scene.given()[0]).toMatch(
      new RegExp(`^<sip:([^@<>"]*@)?${address}:${port};flow=[\\w-]{16}>(;|$)`),
    );
    expect(scene.running.edge.registrations.size).toBe(1);
    const invite = await scene.reaches(phone);
    expect(contact).toContain(`<${invite.uri}>`);
  });

  test.each([
    ['a line end', '<sip:1001@10.0.0.1>\r\nX-Evil: 1'],
    ['a lone CR', '<sip:1001@10.0.0.1>;x=\rX-Evil: 1'],
    ['a lone LF', '<sip:1001@10.0.0.1>;x=\nX-Evil: 1'],
    ['a quote that never ends', '"a <sip:1001@10.0.0.1>'],
    ['a quote in a parameter that never ends', '<sip:1001@10.0.0.1>;x="'],
    ['a bracket that never ends', '<sip:1001@10.0.0.1'],
    ['a bracket in a bracket', '<sip:1001@10.0.0.1<sip:evil@evil.test>>'],
    ['a bracket in a parameter', '<sip:1001@10.0.0.1>;x=<sip:evil@evil.test>'],
    ['a blank in the URI', '<sip:1001@10.0.0.1 ;x>'],
    ['a zero byte', '<sip:1001@10.0.0.1;x=\0>'],
    ['a star and more', '*, <sip:1001@10.0.0.1>'],
    ['two schemes', '<sip:1001@10.0.0.1>;x, sip:"evil'],
  ])(
    'what two readers could read differently goes no further, or one line in one line out: %s',
    async (what, contact) => {
      await using scene = await aScene();
      const phone = await scene.phone();
      const answer = await phone.tryToRegister({ contact });
      if (what === 'a line end') {
        // its own header, then: no harm in that
        expect(last(scene.pbx, 'REGISTER').header('X-Evil')).toBe('1');
        expect(scene.given()[0]).toMatch(/^<sip:1001@[\d.:]+;flow=[\w-]{16}>$/);
      } else {
        expect(answer.status).toBe(400);
        expect(heard(scene.pbx, 'REGISTER')).toEqual([]);
      }
    },
  );

  test('the PBX may answer what it likes: the phone gets whole lines', async () => {
    await using scene = await aScene();
    const { pbx } = scene;
    pbx.always('REGISTER', (request) =>
      pbx.answer(request, 200, {
        headers: {
          Contact: [`${request.header('Contact')};x="a, b"`, 'junk <', '"never ends <sip:a@b>'],
        },
      }),
    );
    const phone = await scene.phone();
    const ok = await phone.register();
    expect(ok.headers('Contact')[0]).toContain(`${phone.contact};x="a, b"`);
    expect(scene.running.edge.registrations.size).toBe(1);
  });
});

test('OPTIONS to the gate itself is answered by it; to anybody at it, by the PBX', async () => {
  await using trap = await aTrap();
  const { scene, phone } = trap;
  const { pbx } = scene;
  const { address, port } = scene.place();
  expect(await statusOf(phone, 'OPTIONS', `sip:${address}:${port}`)).toBe(200);
  await pbx.silence(30);
  const sent = phone.request('OPTIONS', `sip:1002@${address}:${port}`);
  pbx.answer(await pbx.expect('OPTIONS'), 404);
  expect((await phone.finalAnswer(sent)).status).toBe(404);
});

test('garbage gets no answer and harms nobody', async () => {
  await using scene = await aScene();
  const phone = await scene.phone();
  for (const text of ['\0\0\0\0', 'GET / HTTP/1.1\r\n\r\n', 'REGISTER', '\xff'.repeat(2000)])
    speak(phone, text);
  await phone.silence(50);
  await phone.register();
});
