import { describe, expect, test } from 'vitest';
import { aScene, at, linesBut, requestText, speak } from '../contract/scene.ts';
import { blackHole } from '../support/black-hole.ts';
import { eventually } from '../support/eventually.ts';
import { newBranch } from '../support/sip-party.ts';
import { parameter, uriOf } from '../support/sip-text.ts';

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

test('Max-Forwards 1 is forwarded as 0', async () => {
  await using scene = await aScene();
  scene.phone.request('MESSAGE', 'sip:x', { headers: { 'Max-Forwards': '1' } });
  expect((await scene.pbx.expect('MESSAGE')).header('Max-Forwards')).toBe('0');
});

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

test('a request too large for UDP goes over UDP before the next target has its turn, when TCP is met with silence, and the next one at once', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  const udpOnly = await scene.anotherPhone();
  await using _ = await blackHole(udpOnly);
  const next = await scene.anotherPbx();
  gate.forwards({
    targets: [{ nextHop: `sip:127.0.0.1:${udpOnly.port}`, realm: 'core' }, at(next)],
    tryNextAfterMs: 1500,
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
  expect(took[0]).toBeLessThan(1000);
  expect(took[1]).toBeLessThan(400);
  expect(next.received).toEqual([]);
});

test('an answer whose Vias share a line loses only ours', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  const sent = phone.request('MESSAGE', 'sip:x');
  const arrived = await pbx.expect('MESSAGE');
  pbx.answer(arrived, 200, { headers: { Via: arrived.list('Via').join(' , ') } });
  expect((await phone.finalAnswer(sent)).list('Via')).toEqual(arrived.list('Via').slice(1));
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
