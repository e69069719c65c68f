import { describe, expect, test } from 'vitest';
import type { Incoming } from '../../src/edge/signaling.ts';
import { blackHole } from '../support/black-hole.ts';
import { newBranch } from '../support/sip-party.ts';
import { parameter, uriOf } from '../support/sip-text.ts';
import { eventually } from './eventually.ts';
import { aScene, at, heard, linesBut, requestText, speak } from './scene.ts';

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

  test('the request gets our Via on top and one hop less, and the one below says where it came from (§16.6)', async () => {
    await using scene = await scened();
    const { gate, phone, pbx } = scene;
    const sent = phone.request('MESSAGE', 'sip:1002@example.test', {
      headers: { 'Max-Forwards': '19' },
    });
    const arrived = await pbx.expect('MESSAGE');
    const core = gate.listener(inside, 'core');
    const [ours = '', theirs = '', ...rest] = arrived.list('Via');
    expect(ours).toContain(`SIP/2.0/${inside.toUpperCase()} 127.0.0.1:${core.port};`);
    expect(parameter(ours, 'branch')).toMatch(/^z9hG4bK.{6,}/);
    expect(parameter(theirs, 'branch')).toBe(sent.branch);
    expect(parameter(theirs, 'received')).toBe(phone.address);
    expect(rest).toEqual([]);
    expect(arrived.header('Max-Forwards')).toBe('18');
    expect(arrived.from.transport).toBe(inside);
    if (inside === 'udp') expect(arrived.from.port).toBe(core.port);
  });

  test('all else of request and answer passes byte for byte', async () => {
    await using scene = await scened();
    const { phone, pbx } = scene;
    const strange = {
      'X-oDD': 'a   b\t"c" ,d',
      Route66: 'r',
      'X-Bytes': '\xe9\xff',
      Folded: 'one\r\n  two',
    };
    const sent = requestText(phone, 'FROB', strange, 'a\x00b\xff\r\n\r\nc');
    speak(phone, sent);
    const arrived = await pbx.expect('FROB');
    expect(linesBut(arrived.text, 'Via', 'Max-Forwards')).toEqual(
      linesBut(sent, 'Via', 'Max-Forwards'),
    );
    const answer = pbx.answer(arrived, 299, {
      reason: 'Fine  by\tme',
      headers: strange,
      body: '\x01\xfe\r\n',
    });
    const back = await phone.expect(299);
    expect(linesBut(back.text, 'Via')).toEqual(linesBut(answer.text, 'Via'));
    expect(back.list('Via')).toHaveLength(1);
    expect(back.branch).toBe(arrived.list('Via')[1]?.match(/branch=([^;]+)/)?.[1]);
  });

  test('a call is answered 100 while it is on its way; 180, 183 and 200 come through in order, and the 100 behind us does not', async () => {
    await using scene = await scened();
    const { phone, pbx } = scene;
    const call = await phone.invite('1002');
    await phone.expect(100, { within: 600 }); // after 200 ms at most (§17.2.1)
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

  test('with record-route we stay in the path: one Route for each side, the inner on top (§16.6, RFC 5658)', async () => {
    await using scene = await scened();
    const { gate, phone, pbx } = scene;
    await phone.invite('1002');
    const routes = (await pbx.expect('INVITE')).list('Record-Route');
    expect(routes).toHaveLength(2);
    const ports = [gate.listener(inside, 'core').port, gate.listener(outside).port];
    expect(routes.map((route) => Number(/:(\d+)[;>]/.exec(route)?.[1]))).toEqual(ports);
    for (const route of routes) expect(uriOf(route)).toMatch(/;lr(;|$)/);
    expect(uriOf(routes[0] ?? '').includes(';transport=tcp')).toBe(inside === 'tcp');
    expect(/;transport=(\w+)/.exec(uriOf(routes[1] ?? ''))?.[1]).toBe(
      outside === 'udp' ? undefined : outside.replace('wss', 'ws'), // RFC 7118 §5.2.2
    );
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

test('without record-route none is written', async () => {
  await using scene = await aScene();
  scene.phone.request('MESSAGE', 'sip:1002@example.test');
  expect((await scene.pbx.expect('MESSAGE')).header('Record-Route')).toBeUndefined();
});

test('one Record-Route is enough where the request leaves by the listener it came in by', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  const other = await scene.anotherPhone({ user: '1002' });
  gate.forwards({
    targets: [{ nextHop: `sip:127.0.0.1:${other.port}`, realm: 'access' }],
    recordRoute: true,
  });
  await phone.invite('1002');
  const routes = (await other.expect('INVITE')).list('Record-Route');
  expect(routes).toHaveLength(1);
  expect(routes[0]).toContain(`:${gate.listener('udp').port}`);
});

test('our Record-Route stands above those of others', async () => {
  await using scene = await aScene();
  await scene.phone.invite('1002', { headers: { 'Record-Route': '<sip:192.0.2.7;lr>' } });
  expect((await scene.pbx.expect('INVITE')).list('Record-Route').at(-1)).toBe('<sip:192.0.2.7;lr>');
});

test('a request without Max-Forwards gets 70 (§16.6 item 3)', async () => {
  await using scene = await aScene();
  scene.phone.request('MESSAGE', 'sip:x', { headers: { 'Max-Forwards': undefined } });
  expect((await scene.pbx.expect('MESSAGE')).header('Max-Forwards')).toBe('70');
});

test('Max-Forwards 1 is forwarded as 0', async () => {
  await using scene = await aScene();
  scene.phone.request('MESSAGE', 'sip:x', { headers: { 'Max-Forwards': '1' } });
  expect((await scene.pbx.expect('MESSAGE')).header('Max-Forwards')).toBe('0');
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

test('a request that comes back unchanged is a loop: 482 before anybody is asked (§16.3 item 4)', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  phone.request('INVITE', 'sip:1002@example.test');
  const invite = await pbx.expect('INVITE');
  const back = pbx.request('INVITE', invite.uri ?? '', {
    to: invite.from,
    headers: {
      Via: [
        `SIP/2.0/UDP 127.0.0.1:${pbx.port};branch=${newBranch()};rport`,
        ...invite.headers('Via'),
      ],
      'Max-Forwards': invite.header('Max-Forwards'),
      From: invite.header('From'),
      To: invite.header('To'),
      'Call-ID': invite.callId,
      CSeq: invite.header('CSeq'),
    },
  });
  expect((await pbx.finalAnswer(back)).status).toBe(482);
  expect(gate.seen).toHaveLength(1);
});

test('a request that comes back for another destination is a spiral, and goes on', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  phone.request('INVITE', 'sip:1002@example.test');
  const invite = await pbx.expect('INVITE');
  pbx.request('INVITE', 'sip:1003@example.test', {
    to: invite.from,
    headers: {
      Via: [
        `SIP/2.0/UDP 127.0.0.1:${pbx.port};branch=${newBranch()};rport`,
        ...invite.headers('Via'),
      ],
      'Max-Forwards': invite.header('Max-Forwards'),
      From: invite.header('From'),
      To: invite.header('To'),
      'Call-ID': invite.callId,
      CSeq: invite.header('CSeq'),
    },
  });
  await eventually(() => gate.seen.length === 2, 'the spiral is handed over');
  expect((await pbx.expect('INVITE')).uri).toBe('sip:1003@example.test');
});

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

test('a request too large for UDP goes over UDP before the next target has its turn, when TCP is met with silence, and the next one at once', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  const udpOnly = await scene.anotherPhone();
  await using _ = await blackHole(udpOnly);
  const next = await scene.anotherPbx();
  gate.forwards({
    targets: [{ nextHop: `sip:127.0.0.1:${udpOnly.port}`, realm: 'core' }, at(next)],
    tryNextAfterMs: 600,
  });
  const took: number[] = [];
  for (const uri of ['sip:1@x', 'sip:2@x']) {
    const begun = performance.now();
    const sent = phone.request('MESSAGE', uri, { body: 'x'.repeat(1500) });
    const arrived = await udpOnly.expect('MESSAGE');
    took.push(arrived.at - begun);
    udpOnly.answer(arrived, 202);
    expect((await phone.finalAnswer(sent)).status).toBe(202);
  }
  expect(took[0]).toBeLessThan(400);
  expect(took[1]).toBeLessThan(100);
  expect(next.received).toEqual([]);
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

test('an answer whose Vias share a line loses only ours', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  const sent = phone.request('MESSAGE', 'sip:x');
  const arrived = await pbx.expect('MESSAGE');
  pbx.answer(arrived, 200, { headers: { Via: arrived.list('Via').join(' , ') } });
  expect((await phone.finalAnswer(sent)).list('Via')).toEqual(arrived.list('Via').slice(1));
});

test('an answer other than 100 and final ones is not passed on but for an INVITE (RFC 4320 §4.1)', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  phone.request('MESSAGE', 'sip:x');
  pbx.answer(await pbx.expect('MESSAGE'), 183);
  await phone.silence(150);
});

test.each(['udp', 'tcp'] as const)(
  'a phone on IPv6 over %s talks to a PBX on IPv4',
  async (transport) => {
    await using scene = await aScene({
      listeners: [
        { transport, realm: 'access', address: '::1' },
        { transport: 'udp', realm: 'core' },
      ],
      phone: { transport },
    });
    const { gate, phone, pbx } = scene;
    const { caller, called, invite } = await scene.talk();
    expect(invite.list('Via')[1]).toContain(';received=::1');
    expect(uriOf(invite.list('Record-Route')[1] ?? '')).toContain(
      `[::1]:${gate.listener(transport).port}`,
    );
    const info = caller.ask('INFO');
    pbx.answer(await pbx.expect('INFO'), 200);
    await info;
    const bye = called.bye();
    phone.answer(await phone.expect('BYE'), 200);
    await bye;
  },
);
