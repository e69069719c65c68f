import { describe, expect, test } from 'vitest';
import { heard } from '../contract/scene.ts';
import { aScene, uriParameter } from './scene.ts';

describe.each(['udp', 'tcp', 'tls', 'ws', 'wss'] as const)('a phone on %s', (transport) => {
  test('is called over the very path it registered by, at its own Contact', async () => {
    await using scene = await aScene({ transports: [...new Set(['udp', transport] as const)] });
    const other = await scene.registered({ user: '1002', transport });
    const phone = await scene.phone({ transport });
    await phone.register({ contact: '<sip:1001@10.0.0.1:9;ob>' });
    const invite = await scene.reaches(phone);
    expect(invite.uri).toBe('sip:1001@10.0.0.1:9;ob');
    expect(invite.from.port).toBe(scene.place(transport).port);
    expect(other.received.filter(({ method }) => method !== undefined)).toEqual([]);
  });
});

test('of two phones of one extension each has its own way', async () => {
  await using scene = await aScene();
  const desk = await scene.registered();
  const first = scene.contact();
  const { pbx } = scene;
  pbx.always('REGISTER', (request) =>
    pbx.answer(request, 200, {
      headers: { Contact: [`<${first}>`, ...request.headers('Contact')] },
    }),
  );
  const soft = await scene.registered({ transport: 'tcp' });
  await scene.reaches(desk, first);
  await scene.reaches(soft);
});

describe('a phone that moved', () => {
  test('to another port (its NAT bound anew) is called there as soon as it refreshed', async () => {
    await using scene = await aScene();
    const contact = '<sip:1001@192.168.0.5:5060>';
    const before = await scene.phone();
    await before.register({ contact });
    const uri = scene.contact();
    const after = await scene.phone();
    await after.register({ contact });
    expect(scene.contact()).toBe(uri);
    await scene.reaches(after, uri);
    expect(heard(before, 'INVITE')).toEqual([]);
  });

  test('to a new connection is called there at once', async () => {
    await using scene = await aScene();
    const contact = '<sip:1001@192.168.0.5:5060;transport=tcp>';
    const before = await scene.phone({ transport: 'tcp' });
    await before.register({ contact });
    const uri = scene.contact();
    await before.close();
    expect(await scene.refused(uri)).toBe(430);
    const after = await scene.phone({ transport: 'tcp' });
    await after.register({ contact });
    await scene.reaches(after, uri);
  });
});

test('a Route beyond ours leads no call astray', async () => {
  await using scene = await aScene();
  const phone = await scene.registered();
  const { address, port } = scene.place();
  for (const next of ['<sip:other.test;lr>', '<sip:strict.test>']) {
    const headers = { Route: `<sip:${address}:${port};lr>, ${next}` };
    const invite = await scene.reaches(phone, scene.contact(), { headers });
    expect(`<${invite.uri}>`).toBe(phone.contact);
    expect(invite.header('Route')).toBeUndefined();
  }
});

describe('nobody is called', () => {
  test('by a token that was made up, altered or taken from another place: 480', async () => {
    await using scene = await aScene();
    const phone = await scene.registered();
    const uri = scene.contact();
    const token = uriParameter(uri, 'flow') ?? '';
    const flow = scene.running.edge.registrations.named(token, 0)?.flow ?? '';
    for (const made of ['', 'x', token.slice(1), `${token}A`, token.toLowerCase(), flow])
      expect(await scene.refused(uri.replace(/flow=.*/, `flow=${made}`)), made).toBe(480);
    await phone.silence(50);
    await scene.reaches(phone, uri);
  });

  test('by a Route with a token of nobody’s: 480', async () => {
    await using scene = await aScene();
    const phone = await scene.registered();
    const { address, port } = scene.place();
    const Route = `<sip:AAAAAAAAAAAAAAAA@${address}:${port};lr>`;
    expect(await scene.refused(phone.contact.slice(1, -1), { headers: { Route } })).toBe(480);
    await phone.silence(50);
  });
});

describe('a PBX that drops our parameter', () => {
  test('finds the phone by its user', async () => {
    await using scene = await aScene();
    const phone = await scene.registered();
    const invite = await scene.reaches(phone, scene.contact().replace(/;.*/, ''));
    expect(`<${invite.uri}>`).toBe(phone.contact);
  });

  test('does not find one of two phones by the user they share: nobody can say which', async () => {
    await using scene = await aScene();
    await scene.registered();
    const { pbx } = scene;
    const first = scene.given()[0] ?? '';
    pbx.always('REGISTER', (request) =>
      pbx.answer(request, 200, { headers: { Contact: [first, ...request.headers('Contact')] } }),
    );
    await scene.registered();
    expect(scene.running.edge.registrations.size).toBe(2);
    expect(await scene.refused(scene.contact().replace(/;.*/, ''))).toBe(404);
  });
});

test('a MESSAGE, a SUBSCRIBE and an OPTIONS reach the phone as an INVITE does', async () => {
  await using scene = await aScene();
  const { pbx } = scene;
  const phone = await scene.registered();
  for (const method of ['MESSAGE', 'SUBSCRIBE', 'OPTIONS']) {
    const sent = pbx.request(method, scene.contact(), { to: scene.place() });
    const came = await phone.expect(method);
    expect(`<${came.uri}>`).toBe(phone.contact);
    expect(came.header('Record-Route') !== undefined, method).toBe(method === 'SUBSCRIBE');
    phone.answer(came, 200);
    expect((await pbx.finalAnswer(sent)).status).toBe(200);
  }
});

test('after a restart a UDP phone is called at once, a TCP phone as soon as it is back', async () => {
  await using scene = await aScene();
  const udp = await scene.registered();
  const toUdp = scene.contact();
  const contact = '<sip:1002@10.0.0.1;transport=tcp>';
  const tcp = await scene.phone({ user: '1002', transport: 'tcp' });
  await tcp.register({ contact });
  const toTcp = scene.contact();
  await scene.restart();
  await scene.reaches(udp, toUdp);
  expect(await scene.refused(toTcp)).toBe(430);
  const back = await scene.phone({ user: '1002', transport: 'tcp' });
  await back.register({ contact });
  expect(scene.contact()).toBe(toTcp);
  await scene.reaches(back, toTcp);
});
