import { describe, expect, test } from 'vitest';
import type { Incoming } from '../../src/edge/signaling.ts';
import { newBranch } from '../support/sip-party.ts';
import { aScene, at, heard, requestText, speak } from './scene.ts';

describe.each([
  ['udp', 'udp'],
  ['udp', 'tcp'],
  ['tcp', 'udp'],
  ['tls', 'tcp'],
  ['ws', 'udp'],
  ['wss', 'udp'],
] as const)('from %s to %s', (outside, inside) => {
  const scened = async () => {
    const scene = await aScene({ phone: { transport: outside } });
    scene.gate.forwards(({ request }) => ({
      targets: [at(scene.pbx, { transport: inside })],
      recordRoute: request.method === 'INVITE',
    }));
    return scene;
  };

  test('a call is answered 100 while it is on its way; 180, 183 and 200 come through in order, and the 100 behind us does not', async () => {
    await using scene = await scened();
    const { phone, pbx } = scene;
    const call = await phone.invite('1002');
    await phone.expect(100);
    const invite = await pbx.expect('INVITE');
    pbx.answer(invite, 100);
    pbx.answer(invite, 180);
    pbx.answer(invite, 183, { body: 'early' });
    const accepting = pbx.accept(invite);
    await call.answered();
    await accepting;
    expect(phone.received.map(({ status }) => status)).toEqual([100, 180, 183, 200]);
    expect(heard(phone, 183)[0]?.body).toBe('early');
    expect(heard(phone, 180)[0]?.toTag).toBe(pbx.tagFor(invite.callId));
  });
});

test.each(['ws', 'wss'])('a Route of ours that says transport=%s is one', async (transport) => {
  await using scene = await aScene({ phone: { transport: 'wss' } });
  const { phone, pbx } = scene;
  const { caller } = await scene.talk();
  const Route = caller.routes.map((route) =>
    route.replace('transport=ws', `transport=${transport}`),
  );
  const info = caller.ask('INFO', { headers: { Route } });
  const arrived = await pbx.expect('INFO');
  expect([phone.transport, arrived.headers('Route')]).toEqual(['wss', []]);
  pbx.answer(arrived, 200);
  expect((await info).status).toBe(200);
});

test('a request without Max-Forwards gets 70 (§16.6 item 3)', async () => {
  await using scene = await aScene();
  scene.phone.request('MESSAGE', 'sip:x', { headers: { 'Max-Forwards': undefined } });
  expect((await scene.pbx.expect('MESSAGE')).header('Max-Forwards')).toBe('70');
});

test.each(['INVITE', 'MESSAGE'])(
  'a %s with no hop left is refused 483 before anybody is asked (§16.3)',
  async (method) => {
    await using scene = await aScene();
    const { gate, phone } = scene;
    const sent = phone.request(method, 'sip:x', { headers: { 'Max-Forwards': '0' } });
    expect((await phone.finalAnswer(sent)).status).toBe(483);
    expect(gate.seen).toEqual([]);
  },
);

test('header changes are applied: replaced in place, added at the end, removed', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  gate.forwards({
    targets: [at(pbx)],
    headers: [
      { name: 'subject', value: 'new' },
      { name: 'P-Asserted-Identity', value: '<sip:1001@pbx>' },
      { name: 'X-Secret', value: undefined },
      { name: 'X-Never-There', value: undefined },
    ],
  });
  const sent = requestText(
    phone,
    'MESSAGE',
    { s: 'old', 'X-Secret': ['1', '2'], 'X-Last': 'l' },
    'body',
  );
  speak(phone, sent);
  const arrived = await pbx.expect('MESSAGE');
  expect(arrived.headers('Subject')).toEqual(['new']);
  expect(arrived.header('P-Asserted-Identity')).toBe('<sip:1001@pbx>');
  expect(arrived.headers('X-Secret')).toEqual([]);
  expect(arrived.header('X-Last')).toBe('l');
  expect(arrived.body).toBe('body');
});

test('the Request-URI is replaced when asked, To is not', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  gate.forwards({ targets: [at(pbx, { requestUri: 'sip:pilot@pbx.example.test;user=phone' })] });
  phone.request('MESSAGE', 'sip:1002@example.test');
  const arrived = await pbx.expect('MESSAGE');
  expect(arrived.uri).toBe('sip:pilot@pbx.example.test;user=phone');
  expect(arrived.header('To')).toBe('<sip:1002@example.test>');
});

test.each([
  ['INVITE', 'tel:+49301234', /^tel:\+49301234$|^sip:\+49301234@.*;user=phone$/],
  [
    'MESSAGE',
    'tel:112;phone-context=+49',
    /^tel:112;phone-context=\+49$|^sip:112@.*;phone-context=\+49;user=phone$/,
  ],
  ['INVITE', 'urn:service:sos.fire', /^urn:service:sos\.fire$|^sip:sos\.fire@/],
])('%s %s arrives, as a URI that asks for the same', async (method, uri, expected) => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  const sent = phone.request(method, uri);
  const arrived = await pbx.expect(method);
  expect(arrived.uri).toMatch(expected);
  expect(arrived.header('To')).toBe(sent.header('To'));
  pbx.answer(arrived, 404);
  expect((await phone.finalAnswer(sent)).status).toBe(404);
});

test('Content-Length is put where a stream needs one and UDP brought none (§18.3)', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  gate.forwards({ targets: [at(pbx, { transport: 'tcp' })] });
  speak(phone, requestText(phone, 'MESSAGE', { 'Content-Length': undefined }, 'four'));
  const arrived = await pbx.expect('MESSAGE');
  expect([arrived.header('Content-Length'), arrived.body]).toEqual(['4', 'four']);
});

test('a request too large for UDP goes over TCP, and says so in Via (§18.1.1)', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  phone.request('MESSAGE', 'sip:x', { body: 'x'.repeat(1500) });
  const arrived = await pbx.expect('MESSAGE');
  expect(arrived.from.transport).toBe('tcp');
  expect(arrived.list('Via')[0]).toMatch(/^SIP\/2\.0\/TCP /);
  pbx.answer(arrived, 202);
  await phone.expect(202);
});

test('a request too large for UDP still goes over UDP to whom takes nothing else (§18.1.1)', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  const udpOnly = await scene.anotherPhone();
  gate.forwards({ targets: [{ nextHop: `sip:127.0.0.1:${udpOnly.port}`, realm: 'core' }] });
  phone.request('MESSAGE', 'sip:x', { body: 'x'.repeat(1500) });
  const arrived = await udpOnly.expect('MESSAGE');
  expect(arrived.list('Via')[0]).toMatch(/^SIP\/2\.0\/UDP /);
  expect(arrived.body).toHaveLength(1500);
});

test('onAnswer sees every answer that is passed back, and edits it', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const seen: unknown[] = [];
  const target = at(pbx);
  gate.forwards({
    targets: [target],
    onAnswer: (response, from) => {
      seen.push([response.status, from]);
      return response.status === 180
        ? undefined
        : [
            { name: 'Server', value: 'gate' },
            { name: 'X-Node', value: undefined },
            { name: 'X-New', value: 'n' },
          ];
    },
  });
  const call = await phone.invite('1002');
  const invite = await pbx.expect('INVITE');
  const headers = { Server: 'pbx 1.0', 'X-Node': '7' };
  for (const status of [100, 180, 486]) pbx.answer(invite, status, { headers });
  expect((await call.rings()).header('Server')).toBe('pbx 1.0');
  const final = await call.final();
  expect([final.header('Server'), final.header('X-Node'), final.header('X-New')]).toEqual([
    'gate',
    undefined,
    'n',
  ]);
  expect(seen).toEqual([
    [180, target],
    [486, target],
  ]);
});

test.each([
  ['INVITE', 200],
  ['INVITE', 486],
  ['MESSAGE', 202],
  ['MESSAGE', 404],
])('onDone says once how a %s ended: %i', async (method, status) => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const done: number[] = [];
  gate.forwards({ targets: [at(pbx)], onDone: (final) => done.push(final) });
  const sent = phone.request(method, 'sip:1002@example.test');
  const arrived = await pbx.expect(method);
  if (method === 'INVITE') pbx.answer(arrived, 180);
  expect(done).toEqual([]);
  pbx.answer(arrived, status);
  await phone.finalAnswer(sent);
  pbx.answer(arrived, status);
  await phone.silence(100).catch(() => {}); // a repeated 2xx is relayed; that is another test's business
  expect(done).toEqual([status]);
});

test('a request can be forwarded long after it came', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  gate.decide = () => {};
  const call = await phone.invite('1002');
  const incoming: Incoming = await gate.request('INVITE');
  await pbx.silence(300);
  incoming.forward({ targets: [at(pbx)], recordRoute: true });
  pbx.answer(await pbx.expect('INVITE'), 486);
  expect((await call.final()).status).toBe(486);
});

test('an answer nobody asked for is not relayed (§16.7)', async () => {
  await using scene = await aScene();
  const { phone, pbx, gate } = scene;
  phone.request('MESSAGE', 'sip:x');
  const arrived = await pbx.expect('MESSAGE');
  const { address, port } = gate.listener('udp', 'core');
  const stray = [
    'SIP/2.0 200 OK',
    `Via: SIP/2.0/UDP ${address}:${port};branch=${newBranch()}`,
    ...arrived
      .list('Via')
      .slice(1)
      .map((via) => `Via: ${via}`),
    `From: ${arrived.header('From')}`,
    `To: ${arrived.header('To')};tag=s`,
    `Call-ID: ${arrived.callId}`,
    `CSeq: ${arrived.header('CSeq')}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
  pbx.send(stray, arrived.from);
  await phone.silence(150);
});

test('REGISTER passes with its Contact, Path and Expires, and so does its answer', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  pbx.registersAll();
  const answer = await phone.register({ expires: 120, headers: { Path: '<sip:p@192.0.2.1;lr>' } });
  expect(answer.header('Contact')).toBe(`${phone.contact};expires=120`);
  expect(answer.header('Path')).toBe('<sip:p@192.0.2.1;lr>');
});

test.each(['udp', 'tcp'] as const)(
  'over %s a REGISTER that ends every registration passes like any other (§10.2.2)',
  async (transport) => {
    // a server sends what is for this user and address over that connection from now on, whoever asks
    await using scene = await aScene({ phone: { transport, user: `leaving-${transport}` } });
    const { phone, pbx } = scene;
    pbx.registersAll();
    await phone.register();
    const ended = phone.request('REGISTER', 'sip:x', { headers: { Contact: '*', Expires: '0' } });
    expect((await phone.finalAnswer(ended)).status).toBe(200);
    const [, arrived] = heard(pbx, 'REGISTER');
    expect([arrived?.header('Contact'), arrived?.header('Expires')]).toEqual(['*', '0']);
  },
);

test.each(['<tel:+4930>', '<urn:service:sos>'])(
  'a Contact that is no SIP URI passes: %s',
  async (contact) => {
    await using scene = await aScene();
    const { phone, pbx } = scene;
    for (const method of ['REGISTER', 'MESSAGE']) {
      const sent = phone.request(method, 'sip:x', { headers: { Contact: contact } });
      const arrived = await pbx.expect(method);
      expect(arrived.header('Contact')).toBe(contact);
      pbx.answer(arrived, 404);
      expect((await phone.finalAnswer(sent)).status).toBe(404);
    }
  },
);

test('an answer other than 100 and final ones is not passed on but for an INVITE (RFC 4320 §4.1)', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  phone.request('MESSAGE', 'sip:x');
  pbx.answer(await pbx.expect('MESSAGE'), 183);
  await phone.silence(150);
});

test.each([
  ['udp', 'udp'],
  ['udp', 'tcp'],
  ['tls', 'tcp'],
  ['ws', 'udp'],
] as const)(
  'from %s to %s a request passes whole, and so does its answer',
  async (outside, inside) => {
    await using scene = await aScene({ phone: { transport: outside } });
    const { gate, phone, pbx } = scene;
    gate.forwards({ targets: [at(pbx, { transport: inside })] });
    const headers = { 'X-oDD': 'a   b "c" ,d', 'Max-Forwards': '19', 'Content-Type': 'text/plain' };
    const body = Buffer.from('one\r\n\r\ntwo \u00e4\u20ac').toString('latin1');
    const sent = phone.request('MESSAGE', 'sip:1002@example.test', { headers, body });
    const arrived = await pbx.expect('MESSAGE');
    expect(arrived.from.transport).toBe(inside);
    if (inside === 'udp') expect(arrived.from.port).toBe(gate.listener(inside, 'core').port);
    for (const name of ['X-Odd', 'From', 'To', 'Call-ID', 'CSeq', 'Contact', 'Content-Type'])
      expect(arrived.header(name)).toBe(sent.header(name));
    expect([arrived.header('Max-Forwards'), arrived.body]).toEqual(['18', body]);
    pbx.answer(arrived, 299, { reason: 'Fine  by me', headers, body });
    const back = await phone.expect(299);
    expect([back.startLine, back.header('X-Odd'), back.body, back.toTag]).toEqual([
      'SIP/2.0 299 Fine  by me',
      headers['X-oDD'],
      body,
      pbx.tagFor(arrived.callId),
    ]);
  },
);

test.each(['udp', 'tcp'] as const)(
  'a phone on IPv6 over %s and a PBX on IPv4 talk, and either can hang up',
  async (transport) => {
    await using scene = await aScene({
      listeners: [
        { transport, realm: 'access', address: '::1' },
        { transport: 'udp', realm: 'core' },
      ],
      phone: { transport },
    });
    const { phone, pbx } = scene;
    const { caller, called } = await scene.talk();
    const info = caller.ask('INFO');
    pbx.answer(await pbx.expect('INFO'), 200);
    await info;
    const bye = called.bye();
    phone.answer(await phone.expect('BYE'), 200);
    await bye;
  },
);

describe('a refusal on its way back', () => {
  test('can be told in words of our own, and nothing of what the target said is left', async () => {
    await using scene = await aScene();
    const { phone, pbx, gate } = scene;
    const done: number[] = [];
    gate.forwards(() => ({
      targets: [at(pbx)],
      onRefusal: ({ status }) =>
        status === 404
          ? { status: 401, headers: [{ name: 'WWW-Authenticate', value: 'Digest nonce="n"' }] }
          : undefined,
      onDone: (status) => done.push(status),
    }));
    const register = phone.request('REGISTER', 'sip:x');
    pbx.answer(await pbx.expect('REGISTER'), 404, { headers: { 'X-Hint': 'nobody here' } });
    const answer = await phone.finalAnswer(register);
    expect([answer.status, answer.header('WWW-Authenticate'), answer.header('X-Hint')]).toEqual([
      401,
      'Digest nonce="n"',
      undefined,
    ]);
    expect(done).toEqual([401]);
  });

  test('goes back as it is where we have nothing to say', async () => {
    await using scene = await aScene();
    const { phone, pbx, gate } = scene;
    gate.forwards(() => ({ targets: [at(pbx)], onRefusal: () => undefined }));
    const register = phone.request('REGISTER', 'sip:x');
    pbx.answer(await pbx.expect('REGISTER'), 404, { headers: { 'X-Hint': 'nobody here' } });
    const answer = await phone.finalAnswer(register);
    expect([answer.status, answer.header('X-Hint')]).toEqual([404, 'nobody here']);
  });
});
