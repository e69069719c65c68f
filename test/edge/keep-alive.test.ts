import { describe, expect, test } from 'vitest';
import { heard } from '../contract/scene.ts';
import type { Phone } from '../support/a-phone.ts';
import { eventually, pause } from '../support/eventually.ts';
import { aScene, type Scene } from './scene.ts';

/** One behind a NAT, one that is where it says, one on TCP. */
async function three(scene: Scene): Promise<readonly [nat: Phone, plain: Phone, tcp: Phone]> {
  const nat = await scene.phone({ user: '1001' });
  const plain = await scene.phone({ user: '1002' });
  const tcp = await scene.phone({ user: '1003', transport: 'tcp' });
  await nat.register({ contact: '<sip:1001@192.168.0.5:5060>' });
  await plain.register();
  await tcp.register({ contact: '<sip:1003@192.168.0.5:5060>' });
  return [nat, plain, tcp];
}

const asked = (phone: Phone): number => heard(phone, 'OPTIONS').length;

describe('by OPTIONS', () => {
  test('only phones on UDP that are not where they say, over the way they came by', async () => {
    await using scene = await aScene({ keepAlive: { by: 'options', everySeconds: 1 } });
    const [nat, plain, tcp] = await three(scene);
    const options = await nat.expect('OPTIONS');
    nat.answer(options, 200);
    expect(options.uri).toBe('sip:1001@192.168.0.5:5060');
    expect(options.from.port).toBe(scene.place().port);
    expect([asked(plain), asked(tcp)]).toEqual([0, 0]);
  });

  test('to the name that was registered, its escapes as they were', async () => {
    await using scene = await aScene({ keepAlive: { by: 'options', everySeconds: 1 } });
    const phone = await scene.phone({ user: 'a%20b%0D%0AX%3A%2540' });
    await phone.register({ contact: '<sip:1@192.168.0.5:5060>' });
    const options = await phone.expect('OPTIONS');
    expect(options.header('To')).toBe('<sip:a%20b%0D%0AX%3A%2540@127.0.0.1>');
  });

  test('all on UDP', async () => {
    await using scene = await aScene({
      keepAlive: { by: 'options', whom: 'all', everySeconds: 1 },
    });
    const [nat, plain, tcp] = await three(scene);
    for (const phone of [nat, plain]) phone.answer(await phone.expect('OPTIONS'), 404);
    expect(asked(tcp)).toBe(0);
    expect(scene.running.edge.registrations.size).toBe(3);
  });

  test('each once in the time set, however few they are', async () => {
    await using scene = await aScene({ keepAlive: { by: 'options', everySeconds: 3 } });
    const phone = await scene.phone();
    phone.always('OPTIONS', (request) => phone.answer(request, 200));
    await phone.register({ contact: '<sip:1001@192.168.0.5:5060>' });
    await pause(5500);
    expect(asked(phone)).toBe(1);
  });
});

describe('by CRLF', () => {
  test.each([
    ['nat', 0],
    ['all', 1],
  ] as const)('whom: %s', async (whom, plainly) => {
    await using scene = await aScene({ keepAlive: { by: 'crlf', whom, everySeconds: 1 } });
    const [nat, plain, tcp] = await three(scene);
    await eventually(() => nat.crlfs > 0 && plain.crlfs >= plainly, 'a CRLF');
    expect(plain.crlfs > 0).toBe(plainly > 0);
    expect([asked(nat), tcp.crlfs]).toEqual([0, 0]);
  });
});

test('off: none', async () => {
  await using scene = await aScene({ keepAlive: { by: 'off', whom: 'all', everySeconds: 1 } });
  const [nat, plain] = await three(scene);
  await pause(1200);
  expect([nat.crlfs, plain.crlfs, asked(nat), asked(plain)]).toEqual([0, 0, 0, 0]);
});
