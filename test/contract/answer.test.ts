import { describe, expect, test } from 'vitest';
import { aPhone } from '../support/a-phone.ts';
import { eventually } from '../support/eventually.ts';
import { newBranch } from '../support/sip-party.ts';
import { parameter } from '../support/sip-text.ts';
import { aGate } from './gate.ts';
import { aScene, heard, requestText, speak } from './scene.ts';

describe.each(['udp', 'tcp', 'tls', 'ws'] as const)('over %s', (transport) => {
  test('an answer has the status, reason and headers it was given, and copies what it must (§8.2.6)', async () => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone } = scene;
    gate.decide = (incoming) =>
      incoming.answer(503, [{ name: 'Retry-After', value: '17' }], 'Come Back Later');
    const sent = phone.request('MESSAGE', 'sip:1002@example.test', {
      headers: { From: '"Ann, \\"A\\"" <sip:1001@example.test;x=y>;tag=f;p=q' },
    });
    const answer = await phone.finalAnswer(sent);
    expect(answer.startLine).toBe('SIP/2.0 503 Come Back Later');
    expect(answer.header('Retry-After')).toBe('17');
    for (const name of ['From', 'Call-ID', 'CSeq'])
      expect(answer.header(name)).toBe(sent.header(name));
    expect(answer.header('To')).toBe(`${sent.header('To')};tag=${answer.toTag}`);
    expect(answer.toTag).toMatch(/^\S{4,}$/);
    expect(answer.header('Content-Length')).toBe('0');
  });

  test('every Via comes back in order, the top one with where the request really came from (RFC 3581 §4)', async () => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone } = scene;
    gate.decide = (incoming) => incoming.answer(200);
    const top = `SIP/2.0/${transport.toUpperCase()} 192.0.2.66:5999;branch=${newBranch()};rport`;
    const below = [
      'SIP/2.0/TCP one.example.test;branch=z9hG4bKa',
      'SIP/2.0/UDP [2001:db8::9];branch=z9hG4bKb',
    ];
    const sent = phone.request('OPTIONS', 'sip:x', { headers: { Via: [top, ...below] } });
    const [first = '', ...others] = (await phone.finalAnswer(sent)).list('Via');
    expect(others).toEqual(below);
    expect(first.startsWith(top.slice(0, top.indexOf(';')))).toBe(true);
    expect(parameter(first, 'branch')).toBe(sent.branch);
    expect(parameter(first, 'received')).toBe(phone.address);
    expect(parameter(first, 'rport')).toBe(String(gate.seen[0]?.flow.port));
  });

  test('all answers to a request have the same To tag', async () => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone } = scene;
    gate.decide = (incoming) => {
      incoming.answer(180);
      incoming.answer(183);
      incoming.answer(486);
    };
    const call = await phone.invite('1002');
    const final = await call.final();
    const tags = [180, 183].map((status) => heard(phone, status)[0]?.toTag);
    expect(tags).toEqual([final.toTag, final.toTag]);
    expect(final.toTag).toBeTruthy();
  });
});

test('Vias that share a line come back as they were, the first with where it came from', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  gate.decide = (incoming) => incoming.answer(200);
  const via = `SIP/2.0/UDP ${phone.address}:${phone.port};rport;branch=${newBranch()} , SIP/2.0/UDP a;branch=z9hG4bKa`;
  const answer = await phone.finalAnswer(
    phone.request('OPTIONS', 'sip:x', { headers: { Via: via } }),
  );
  const [first = '', ...others] = answer.list('Via');
  expect(parameter(first, 'rport')).toBe(String(phone.port));
  expect(others).toEqual(['SIP/2.0/UDP a;branch=z9hG4bKa']);
});

test('a To tag that the request brought stays as it is', async () => {
  await using scene = await aScene();
  scene.gate.decide = (incoming) => incoming.answer(481);
  const to = '<sip:1002@example.test>;tag=mine';
  const sent = scene.phone.request('BYE', 'sip:x', { headers: { To: to } });
  expect((await scene.phone.finalAnswer(sent)).header('To')).toBe(to);
});

test('different requests get different To tags', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  gate.decide = (incoming) => incoming.answer(404);
  const first = await phone.finalAnswer(phone.request('MESSAGE', 'sip:x'));
  const second = await phone.finalAnswer(phone.request('MESSAGE', 'sip:x'));
  expect(first.toTag).not.toBe(second.toTag);
});

test('an answer without a reason given has the phrase of its status', async () => {
  await using scene = await aScene();
  scene.gate.decide = (incoming) => incoming.answer(404);
  const sent = scene.phone.request('MESSAGE', 'sip:x');
  expect((await scene.phone.finalAnswer(sent)).startLine).toBe('SIP/2.0 404 Not Found');
});

test.each(['MESSAGE', 'INVITE'])('a %s that is turned away is told why', async (method) => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  gate.decide = (incoming) => incoming.turnAway(480, [{ name: 'Retry-After', value: '5' }], 'Busy');
  const answer = await phone.finalAnswer(phone.request(method, 'sip:1002@example.test'));
  expect(answer.startLine).toBe('SIP/2.0 480 Busy');
  expect(answer.header('Retry-After')).toBe('5');
  expect(answer.toTag).toMatch(/^\S{4,}$/);
});

test('an answer can be given long after the request', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  gate.decide = (incoming) => void setTimeout(() => incoming.answer(200), 300);
  const sent = phone.request('MESSAGE', 'sip:x');
  await phone.silence(200);
  expect((await phone.finalAnswer(sent)).status).toBe(200);
});

test('an INVITE that is being pondered is answered 100 meanwhile, without a To tag (§17.2.1)', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  gate.decide = () => {};
  const call = await phone.invite('1002');
  const trying = await phone.expect(100);
  expect(trying.header('To')).toBe(call.invite.header('To'));
  (await gate.request('INVITE')).answer(404);
  expect((await call.final()).status).toBe(404);
});

test('only the first final answer counts', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  gate.decide = (incoming) => {
    incoming.answer(200);
    incoming.answer(486);
    incoming.drop();
  };
  expect((await phone.finalAnswer(phone.request('MESSAGE', 'sip:x'))).status).toBe(200);
  await phone.silence(100);
});

test('a line break in what an answer is given starts no new header', async () => {
  await using scene = await aScene();
  scene.gate.decide = (incoming) =>
    incoming.answer(403, [{ name: 'X-Note', value: 'a\r\nX-Evil: 1' }], 'No\r\nX-Evil: 2');
  const answer = await scene.phone.finalAnswer(scene.phone.request('MESSAGE', 'sip:x'));
  expect(answer.status).toBe(403);
  expect(answer.header('X-Evil')).toBeUndefined();
});

describe('over udp', () => {
  test('answers leave from the very port that the request came in on', async () => {
    await using gate = await aGate({
      listeners: [
        { transport: 'udp', realm: 'access' },
        { transport: 'udp', realm: 'access' },
      ],
    });
    gate.decide = (incoming) => incoming.answer(200);
    for (const { address, port } of gate.serving.listeners) {
      const phone = await aPhone({ to: { address, port } });
      const answer = await phone.finalAnswer(phone.request('OPTIONS', 'sip:x'));
      expect(answer.from.port).toBe(port);
      await phone.close();
    }
  });

  test('without rport an answer goes to the port in Via, at the address it came from (§18.2.2)', async () => {
    await using scene = await aScene();
    const { gate, phone } = scene;
    const other = await scene.anotherPhone();
    gate.decide = (incoming) => incoming.answer(200);
    phone.request('OPTIONS', 'sip:x', {
      headers: { Via: `SIP/2.0/UDP ${phone.address}:${other.port};branch=${newBranch()}` },
    });
    await other.expect(200);
    expect(heard(phone, 200)).toEqual([]);
  });

  test('or to the port it came from, where its Via is of behind a NAT', async () => {
    await using scene = await aScene();
    const { gate, phone } = scene;
    const other = await scene.anotherPhone();
    gate.decide = (incoming) => incoming.answer(200);
    phone.request('OPTIONS', 'sip:x', {
      headers: { Via: `SIP/2.0/UDP 192.168.1.50:${other.port};branch=${newBranch()}` },
    });
    const answer = await phone.expect(200);
    expect(answer.header('Via')).toContain(`;received=${phone.address}`);
    expect(heard(other, 200)).toEqual([]);
  });
});

test('an answer never travels over another connection than its request', async () => {
  await using scene = await aScene({ phone: { transport: 'tcp' } });
  const { gate, phone } = scene;
  const other = await scene.anotherPhone();
  gate.decide = () => {};
  phone.request('MESSAGE', 'sip:x', {
    headers: { Via: `SIP/2.0/TCP 127.0.0.1:${other.port};branch=${newBranch()}` },
  });
  (await gate.request('MESSAGE')).answer(200);
  await phone.expect(200);
  expect(other.received).toEqual([]);
});

test.each(['udp', 'tcp'] as const)(
  'over %s a dropped MESSAGE meets silence, even when repeated',
  async (transport) => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone } = scene;
    gate.decide = (incoming) => incoming.drop();
    const sent = requestText(phone, 'MESSAGE');
    speak(phone, sent);
    await eventually(() => gate.seen.length > 0, 'the request');
    await phone.silence(400);
    speak(phone, sent);
    await phone.silence(300);
    expect(phone.received).toEqual([]);
  },
);
