import { describe, expect, test } from 'vitest';
import { eventually, pause } from '../support/eventually.ts';
import { newBranch } from '../support/sip-party.ts';
import { readSip } from '../support/sip-text.ts';
import { aGate } from './gate.ts';
import { aScene, heard, requestText, speak } from './scene.ts';

describe.each(['udp', 'tcp', 'tls', 'ws'] as const)('over %s', (transport) => {
  test('a request arrives with the source it really came from, whatever its headers claim', async () => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone } = scene;
    gate.decide = () => {};
    phone.request('OPTIONS', 'sip:1002@example.test', {
      headers: {
        Via: `SIP/2.0/${transport.toUpperCase()} 192.0.2.66:5999;received=192.0.2.67;rport=9;branch=${newBranch()}`,
        Contact: '<sip:1001@192.0.2.68>',
      },
    });
    const { flow } = await gate.request('OPTIONS');
    expect(flow).toMatchObject({ transport, address: phone.address, realm: 'access', open: true });
    if (phone.port !== 0) expect(flow.port).toBe(phone.port);
    expect(flow.listener).toMatchObject(gate.listener(transport));
    expect(flow.certificateNames).toEqual([]);
  });

  test('every request on one path arrives, in order', async () => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone } = scene;
    gate.decide = (incoming) => incoming.answer(200);
    for (let number = 1; number <= 20; number++)
      phone.request('MESSAGE', `sip:${number}@example.test`, { body: 'x'.repeat(number) });
    await eventually(() => gate.seen.length === 20, 'twenty requests');
    expect(gate.seen.map(({ request }) => request.body.length)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });
});

test('IPv6 sources are named without brackets', async () => {
  await using gate = await aGate({
    listeners: [{ transport: 'udp', realm: 'access', address: '::1' }],
  });
  const { aPhone } = await import('../support/a-phone.ts');
  const phone = await aPhone({ to: gate.listener('udp') });
  gate.decide = (incoming) => incoming.answer(200);
  const sent = phone.request('OPTIONS', 'sip:x');
  expect((await phone.finalAnswer(sent)).status).toBe(200);
  expect(gate.seen[0]?.flow).toMatchObject({ address: '::1', port: phone.port });
  await phone.close();
});

test('the listeners say what was really bound', async () => {
  await using scene = await aScene();
  for (const { port, advertised } of scene.gate.serving.listeners) {
    expect(port).toBeGreaterThan(0);
    expect(advertised).toEqual({ host: '127.0.0.1', port });
  }
});

test.each(['udp', 'tcp'] as const)('serving fails when a %s port is taken', async (transport) => {
  await using scene = await aScene();
  const { port } = scene.gate.listener(transport);
  await expect(aGate({ listeners: [{ transport, realm: 'access', port }] })).rejects.toThrow();
});

test('who is asked where a source stands decides it, not the listener', async () => {
  await using scene = await aScene({
    realmOf: ({ port, listener }) => (port > 0 ? 'trunk' : listener.realm),
  });
  scene.gate.decide = () => {};
  scene.phone.request('OPTIONS', 'sip:x');
  expect((await scene.gate.request('OPTIONS')).flow.realm).toBe('trunk');
});

test('compact header names are read (RFC 3261 §7.3.3)', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  gate.decide = (incoming) => incoming.answer(204);
  const { port } = phone;
  speak(
    phone,
    [
      'MESSAGE sip:1002@example.test SIP/2.0',
      `v: SIP/2.0/UDP 127.0.0.1:${port};branch=${newBranch()}`,
      'f: <sip:1001@example.test>;tag=1',
      't: <sip:1002@example.test>',
      'i: compact-1',
      'CSeq: 1 MESSAGE',
      'c: text/plain',
      'l: 2',
      '',
      'hi',
    ].join('\r\n'),
  );
  expect((await phone.expect(204)).callId).toBe('compact-1');
  expect(gate.seen[0]?.request.callId).toBe('compact-1');
});

test('a repeated request is absorbed, and answered by the answer it had (§17.2.2)', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  gate.decide = () => {};
  const sent = requestText(phone, 'MESSAGE');
  speak(phone, sent);
  const incoming = await gate.request('MESSAGE');
  speak(phone, sent);
  await phone.silence(100);
  incoming.answer(202);
  await phone.expect(202);
  speak(phone, sent);
  await eventually(() => heard(phone, 202).length === 2, 'the answer once more');
  expect(new Set(heard(phone, 202).map(({ text }) => text)).size).toBe(1);
  expect(gate.methodsSeen()).toEqual(['MESSAGE']);
});

test('the same branch under another method or sent-by is another request (§17.2.3)', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  gate.decide = (incoming) => incoming.answer(200);
  const branch = newBranch();
  const via = (port: number) => `SIP/2.0/UDP 127.0.0.1:${port};branch=${branch};rport`;
  phone.request('MESSAGE', 'sip:x', { headers: { Via: via(phone.port) } });
  phone.request('INFO', 'sip:x', { headers: { Via: via(phone.port) } });
  phone.request('MESSAGE', 'sip:x', { headers: { Via: via(phone.port + 1) } });
  await eventually(() => gate.seen.length === 3, 'three requests');
});

test('a client of RFC 2543, whose branch says nothing, is told apart by the rest (§17.2.3)', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const via = `SIP/2.0/UDP ${phone.address}:${phone.port}`;
  const first = requestText(phone, 'MESSAGE', { Via: via });
  speak(phone, first);
  speak(phone, first);
  const second = requestText(phone, 'MESSAGE', { Via: via });
  speak(phone, second);
  await eventually(() => gate.seen.length === 2, 'two requests');
  for (const _ of [1, 2]) pbx.answer(await pbx.expect('MESSAGE'), 202);
  await eventually(() => heard(phone, 202).length === 2, 'two answers');
  expect(heard(phone, 202).map(({ callId }) => callId)).toEqual(
    [first, second].map((text) => readSip(text).callId),
  );
  expect(gate.seen).toHaveLength(2);
});

test('an ACK or a CANCEL never reaches the handler', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  gate.decide = (incoming) => {
    if (incoming.request.method === 'INVITE') incoming.answer(486);
    else incoming.answer(200);
  };
  const call = await phone.invite('1002');
  await call.final();
  call.cancel();
  speak(phone, requestText(phone, 'ACK')); // belongs to nothing
  speak(phone, requestText(phone, 'CANCEL')); // neither
  await pause(100);
  expect(gate.methodsSeen()).toEqual(['INVITE']);
});

test.each(['MESSAGE', 'INVITE'])(
  'a handler that throws has its %s answered 500',
  async (method) => {
    await using scene = await aScene();
    const { gate, phone } = scene;
    gate.decide = () => {
      throw new Error('on purpose: the test of a handler that throws');
    };
    const sent = phone.request(method, 'sip:1002@example.test');
    expect((await phone.finalAnswer(sent)).status).toBe(500);
  },
);

test('a handler that throws after it answered changes nothing', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  gate.decide = (incoming) => {
    incoming.answer(403);
    throw new Error('on purpose: the test of a handler that throws too late');
  };
  const sent = phone.request('MESSAGE', 'sip:1002@example.test');
  expect((await phone.finalAnswer(sent)).status).toBe(403);
  await phone.silence(100);
});

test('a request that names one of our listeners is to us; any other is not', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  gate.decide = () => {};
  const { address, port } = gate.listener('udp');
  for (const uri of [
    `sip:${address}:${port}`,
    `sip:1002@${address}:${port}`,
    'sip:1002@example.test',
    pbx.uri,
  ])
    phone.request('MESSAGE', uri);
  await eventually(() => gate.seen.length === 4, 'four requests');
  const toUs = Object.fromEntries(gate.seen.map((one) => [one.request.requestUri, one.toUs]));
  expect(Object.values(toUs)).toEqual([true, true, false, false]);
});

test("the user part of our own topmost Route is read, and of nobody else's", async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  gate.decide = () => {};
  const { address, port } = gate.listener('udp');
  const ask = async (...routes: readonly string[]) => {
    phone.request('MESSAGE', 'sip:1002@192.0.2.9', { headers: { Route: routes } });
    const { routeUser, call } = await gate.request('MESSAGE');
    expect(call).toBeUndefined();
    return routeUser;
  };
  const ours = (user: string) => `<sip:${user}${address}:${port};lr>`;
  expect(await ask()).toBeUndefined();
  expect(await ask(ours(''))).toBeUndefined();
  expect(await ask(ours('tok-en_1@'))).toBe('tok-en_1');
  expect(await ask(ours(''), ours('tok@'))).toBe('tok');
  expect(await ask('<sip:tok@192.0.2.1;lr>')).toBeUndefined();
});

test('a request that begins something is not routed, with or without a Route to us', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  gate.decide = () => {};
  const { address, port } = gate.listener('udp');
  for (const Route of [undefined, `<sip:${address}:${port};lr>`]) {
    phone.request('MESSAGE', 'sip:1002@192.0.2.9', { headers: { Route } });
    expect((await gate.request('MESSAGE')).routed).toBe(false);
  }
});

test('keep-alives over a connection are answered (RFC 5626 §4.4.1) and reach nobody', async () => {
  await using scene = await aScene({ phone: { transport: 'tcp' } });
  const { gate, phone } = scene;
  gate.decide = (incoming) => incoming.answer(200);
  await phone.finalAnswer(phone.request('OPTIONS', 'sip:1002@192.0.2.9'));
  await phone.keepAlive();
  expect(gate.seen).toHaveLength(1);
});

test('a message cut anywhere arrives whole over a stream', async () => {
  await using scene = await aScene({ phone: { transport: 'tcp' } });
  const { gate, phone } = scene;
  gate.decide = (incoming) => incoming.answer(200);
  const sent = requestText(phone, 'MESSAGE', {}, 'body\r\n\r\nwith a blank line');
  for (let at = 0; at < sent.length; at += 40) {
    speak(phone, sent.slice(at, at + 40));
    await pause(2);
  }
  await phone.expect(200);
  expect(readSip(gate.seen[0]?.request.wire ?? '').body).toBe('body\r\n\r\nwith a blank line');
});

test.each(['udp', 'tcp', 'tls', 'ws'] as const)(
  'over %s a request is handed over with headers nobody knows, and its body',
  async (transport) => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone } = scene;
    gate.decide = () => {};
    const body = 'text\r\n\r\nafter a blank line';
    speak(
      phone,
      requestText(phone, 'MESSAGE', { 'X-oDD': 'a   b "c"  ,d', 'x-ODD': 'again' }, body),
    );
    const { request } = await gate.request('MESSAGE');
    expect(request.requestUri).toBe('sip:1002@example.test');
    expect(request.header('X-Odd')).toBe('a   b "c"  ,d');
    expect(request.body).toBe(body);
  },
);
