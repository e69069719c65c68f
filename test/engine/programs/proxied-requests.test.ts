import { describe, expect, test } from 'vitest';
import { pause } from '../../support/eventually.ts';
import { aProxy, calls } from './a-proxy.ts';

describe.concurrent('what goes out', () => {
  test('keeps a Request-URI that is not ours, and brings what the program adds', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { scene, program, a } = proxied;
    scene.phone.request('MESSAGE', 'sip:bob@example.com', {
      headers: { 'User-Agent': 'phone', 'X-One': '1', Route: '<sip:gate.example.com;lr>' },
    });
    program.proxy(await program.gets('MESSAGE'), [a.uri], {
      headers: [
        'X-One: 2',
        'user-agent: program',
        'Via: x',
        'Call-ID: y',
        'P-Asserted-Identity: <sip:me@localhost>',
        'Content-Length: 77',
      ],
    });
    const arrived = await a.expect('MESSAGE');
    expect(arrived.uri).toBe('sip:bob@example.com');
    expect(arrived.headers('X-One').toSorted()).toEqual(['1', '2']);
    expect(arrived.headers('User-Agent')).toEqual(['program']);
    expect(arrived.headers('Via')).toHaveLength(2);
    expect(arrived.headers('Call-ID')).not.toContain('y');
    expect(arrived.header('P-Asserted-Identity')).toMatch(/^<sip:me@127\.0\.0\.1:\d+>$/);
    expect(arrived.headers('Route')).toEqual([]);
    expect(arrived.headers('Record-Route')).toEqual([]);
    expect(arrived.header('Max-Forwards')).toBe('69');
  });

  test('has the destination for its Request-URI where that was ours', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { scene, program, a } = proxied;
    const { port } = scene.gate.listener('udp');
    scene.phone.request('OPTIONS', `sip:x@127.0.0.1:${port}`);
    program.proxy(await program.gets('OPTIONS'), [`${a.uri};x=y`]);
    expect((await a.expect('OPTIONS')).uri).toBe(`${a.uri};x=y`);
  });

  test('a REGISTER is given a Path, and requires that it be known', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { scene, program, a } = proxied;
    const registered = scene.phone.tryToRegister();
    const id = program.proxy(await program.gets('REGISTER'), [a.uri], { recordRoute: true });
    const register = await a.expect('REGISTER');
    expect(register.headers('Path')[0]).toMatch(/^<sip:.*;lr>$/);
    expect(register.headers('Require')).toEqual(['path']);
    expect(register.headers('Record-Route')).toEqual([]);
    a.answer(register, 200);
    expect((await registered).status).toBe(200);
    expect(await program.outcome(id)).toEqual([200, 'done']);
  });

  test('a de-registration of everything passes like any other', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { scene, program, a } = proxied;
    const registered = scene.phone.tryToRegister({ contact: '*', expires: 0 });
    const id = program.proxy(await program.gets('REGISTER'), [a.uri], { recordRoute: true });
    const register = await a.expect('REGISTER');
    expect(register.header('Contact')).toBe('*');
    a.answer(register, 200);
    expect((await registered).status).toBe(200);
    expect(await program.outcome(id)).toEqual([200, 'done']);
  });

  test('between transports it has a Record-Route for each side', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { a } = proxied;
    await calls(proxied, { recordRoute: true }, [`${a.uri};transport=tcp`]);
    const routes = (await a.expect('INVITE')).list('Record-Route');
    expect(routes.map((route) => route.includes('transport=tcp'))).toEqual([true, false]);
  });
});

test('a web server may choose to have it proxied', async () => {
  const proxied = await aProxy();
  await using _ = proxied.scene;
  const { scene, program, a } = proxied;
  scene.decide = {
    kind: 'proxy',
    destinations: [a.uri],
    recordRoute: true,
    followRedirects: true,
    simultaneous: false,
    provisionalTimeoutMs: undefined,
    finalTimeoutMs: undefined,
  };
  const call = await scene.phone.invite('1002');
  const invite = await a.expect('INVITE');
  expect(invite.headers('Record-Route')).not.toEqual([]);
  a.answer(invite, 200);
  await call.answered();
  await pause(20);
  expect(program.frames).toEqual([]);
});
