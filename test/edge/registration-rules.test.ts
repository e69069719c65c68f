import { describe, expect, test } from 'vitest';
import { digestParameter } from '../../src/sip/message/digest.ts';
import { heard } from '../contract/scene.ts';
import type { Phone, RegisterOptions } from '../support/a-phone.ts';
import { isRegistrar, type RegistrarOptions } from '../support/a-registrar.ts';
import { answerDigest } from '../support/digest-answer.ts';
import { aScene, last, type Scene, type SceneOptions, uriParameter } from './scene.ts';

const passwords = { 1001: 'right', 1002: 'right', 1003: 'right' };

/** The rules as they ship, but for what is said, in front of a PBX that knows three extensions. */
async function guarded(
  policy: SceneOptions['policy'] = {},
  options: Partial<SceneOptions> & { readonly registrar?: Partial<RegistrarOptions> } = {},
): Promise<{ readonly scene: Scene; readonly contacts: ReadonlyMap<string, Set<string>> }> {
  const scene = await aScene({ ...options, policy: { site: { rules: 'on' }, ...policy } });
  const contacts = isRegistrar(scene.pbx, { passwords, ...options.registrar });
  return { scene, contacts };
}

const statusOf = async (phone: Phone, options?: RegisterOptions) =>
  (await phone.tryToRegister(options)).status;

/** An answer without what differs between any two. */
const alike = (text: string): string =>
  text
    .replace(/;tag=[^;\r]*/g, ';tag=x')
    .replace(/;branch=[^;\r]*/g, ';branch=x')
    .replace(/Call-ID: .*/, 'Call-ID: x')
    .replace(/(nonce|opaque)="[^"]*"/g, (one, name) => `${name}=${one.length}`)
    .replace(/sip:\d{4}@/g, 'sip:N@')
    .replace(/;?rport=\d+/, ';rport=x')
    .replace(/127\.0\.0\.1:\d+/g, 'x');

/** What a stranger is told who first asks, and then tries a password. */
async function told(scene: Scene, user: string, options: { password?: string } = {}) {
  const phone = await scene.phone({ user, password: options.password ?? 'wrong' });
  const first = await phone.tryToRegister({ authenticates: false });
  const second = await phone.tryToRegister();
  return [alike(first.text), alike(second.text)];
}

describe('an extension is the same by whatever it is spelt', () => {
  test.each(['1001', '%31001', '1001;x=y', '1001%3bx', '1001:secret'])('%s', async (spelt) => {
    const { scene } = await guarded({
      extensions: { list: { 1001: { permittedIps: ['192.0.2.1'] } } },
    });
    await using _ = scene;
    const phone = await scene.phone({ user: '1001', password: 'right' });
    const headers = { To: `<sip:${spelt}@127.0.0.1>` };
    expect(await statusOf(phone, { headers })).toBe(401);
    expect(scene.events).toContain('challenge permitted-ips');
  });

  test('and takes one place among its devices', async () => {
    const { scene } = await guarded();
    await using _ = scene;
    await scene.registered({ user: '1001', password: 'right' });
    const other = await scene.phone({ user: '1001', password: 'right', address: '127.0.3.9' });
    const headers = { To: '<sip:1001;x=y@127.0.0.1>' };
    expect(await statusOf(other, { headers })).toBe(401);
    expect(scene.events).toContain('challenge devices');
  });
});

describe('nobody learns which extensions there are (R7)', () => {
  test.each([
    ['says 404 and 403', { unknown: 404, wrong: 403 }],
    ['says more than it should', { headers: { 'X-Mailbox': '3 messages' } }],
    ['says 604 of those it does not have', { unknown: 604 }],
    ['challenges whoever comes', {}],
  ])('by a PBX that %s', async (_what, registrar) => {
    const { scene } = await guarded({}, { registrar });
    await using _ = scene;
    // what a challenge looks like is learnt from the first
    await scene.registered({ user: '1003', password: 'right' });
    const [unknown, known] = [await told(scene, '9999'), await told(scene, '1001')];
    expect(unknown).toEqual(known);
    expect(known[0]).toMatch(/^SIP\/2\.0 401 Unauthorized\r\n/);
  });

  test('and without the rule one would: this test can fail', async () => {
    const off = { registration: { 'no-enumeration': { mode: 'off' as const } } };
    const { scene } = await guarded(off, { registrar: { unknown: 404 } });
    await using _ = scene;
    expect(await told(scene, '9999')).not.toEqual(await told(scene, '1001'));
  });

  test.each([
    ['its address', { permittedIps: ['192.0.2.1'] }],
    ['its transport', { transports: ['tls' as const] }],
    ['its User-Agent', { userAgents: ['Yealink'] }],
    ['its register name', { registerName: 'u-1' }],
    ['its certificate', { certificateName: 'x' }],
    ['where it is', { remote: false }],
  ])(
    'nor by an extension that is refused for %s, be the password right',
    async (_what, profile) => {
      const site = { rules: 'on' as const, localNetworks: [] };
      const { scene } = await guarded(
        { site, extensions: { list: { 1001: profile } } },
        { registrar: { unknown: 404, wrong: 403 } },
      );
      await using _ = scene;
      await scene.registered({ user: '1003', password: 'right' });
      const unknown = await told(scene, '9999');
      expect(await told(scene, '1001')).toEqual(unknown);
      expect(await told(scene, '1001', { password: 'right' })).toEqual(unknown);
      expect(scene.running.edge.registrations.size).toBe(1);
    },
  );

  test('nor whether an extension is listed, where others are refused', async () => {
    const { scene } = await guarded({ extensions: { unlisted: 'refuse', list: { 1001: {} } } });
    await using _ = scene;
    expect(await told(scene, '1002', { password: 'right' })).toEqual(await told(scene, '1001'));
    expect(scene.events).toContain('challenge unlisted-extensions');
  });

  test('nor by a device that is one too many', async () => {
    const { scene } = await guarded();
    await using _ = scene;
    await scene.registered({ user: '1001', password: 'right', address: '127.0.0.1' });
    const second = await told(scene, '1001', { password: 'right' });
    expect(second).toEqual(await told(scene, '9999'));
  });
});

test('a password is tried, and its failure counted, only in answer to a challenge that went there (N12)', async () => {
  const { scene } = await guarded();
  await using _ = scene;
  const elsewhere = await scene.phone({ user: '1001', address: '127.0.0.7' });
  const challenged = await elsewhere.tryToRegister();
  const challenge = challenged.header('WWW-Authenticate') ?? '';
  const [nonce, opaque] = ['nonce', 'opaque'].map((name) => digestParameter(challenge, name));
  expect(opaque).toMatch(/^[\w-]{16}$/);
  const forger = await scene.phone({ user: '1001' });
  const Authorization = `Digest username="1001", realm="pbx", nonce="${nonce}", opaque="${opaque}", uri="sip:x", response="0"`;
  for (let count = 0; count < 20; count++) {
    const anew = await forger.tryToRegister({ headers: { Authorization } });
    expect(anew.header('WWW-Authenticate')).toMatch(/, stale=true$/);
    expect(last(scene.pbx, 'REGISTER').header('Authorization')).toBeUndefined();
  }
  expect(scene.events.filter((event) => event.startsWith('failed'))).toEqual([]);
  // and the owner of the address gets in
  const owner = await scene.phone({ user: '1001', password: 'right' });
  expect(await statusOf(owner)).toBe(200);
});

test('what anybody may have written from the port of a registered phone is tried ten times, and then proves itself', async () => {
  const { scene } = await guarded();
  await using _ = scene;
  const phone = await scene.registered({ user: '1001', password: 'right' });
  const withPassword = () =>
    heard(scene.pbx, 'REGISTER').filter(({ header }) => header('Authorization'));
  const before = withPassword().length;
  const nonce = digestParameter(withPassword()[0]?.header('Authorization') ?? '', 'nonce');
  for (let guess = 0; guess < 20; guess++) {
    const Authorization = `Digest username="1001", realm="pbx", nonce="${nonce}", uri="sip:x", response="${guess}"`;
    const headers = { Authorization, 'Call-ID': `forged-${guess}` };
    const answer = await phone.tryToRegister({ authenticates: false, headers });
    expect(answer.status).toBe(401);
    expect(/stale=true/.test(answer.header('WWW-Authenticate') ?? '')).toBe(guess >= 10);
  }
  expect(withPassword().length - before).toBe(10);
  expect(scene.events.filter((event) => event.startsWith('failed'))).toEqual([]);
  expect(await statusOf(phone)).toBe(200);
});

describe('who fails too often (R6)', () => {
  const fails = async (scene: Scene, user: string, times: number, address = '127.0.0.1') => {
    const phone = await scene.phone({ user, password: 'wrong', address });
    for (let time = 0; time < times; time++) await phone.tryToRegister();
    return phone;
  };
  const tried = (scene: Scene) =>
    scene.pbx.received.filter(
      ({ method, header }) => method === 'REGISTER' && header('Authorization'),
    ).length;

  test('is locked out of that extension, whatever he comes with then', async () => {
    const { scene } = await guarded();
    await using _ = scene;
    await fails(scene, '1001', 10);
    expect(tried(scene)).toBe(10);
    const right = await scene.phone({ user: '1001', password: 'right' });
    expect(await statusOf(right)).toBe(401);
    expect(tried(scene)).toBe(10);
    expect(scene.events).toContain('challenge lockout');
  });

  test('is not after nine times: the count is forgotten once the password is right', async () => {
    const { scene } = await guarded({ registration: { lockout: { sourceFailures: 100 } } });
    await using _ = scene;
    await fails(scene, '1001', 9);
    const right = await scene.phone({ user: '1001', password: 'right' });
    expect(await statusOf(right)).toBe(200);
    await right.unregister();
    await fails(scene, '1001', 9);
    expect(await statusOf(right)).toBe(200);
  });

  test('is, too, by what he tries at once: no answer of the PBX is waited for', async () => {
    const { scene } = await guarded({ registration: { lockout: { insisting: 1000 } } });
    await using _ = scene;
    const phone = await scene.phone({ user: '1001', transport: 'tcp' });
    const asked = await phone.tryToRegister({ authenticates: false });
    const challenge = asked.header('WWW-Authenticate') ?? '';
    const uri = 'sip:127.0.0.1';
    const sent = Array.from({ length: 40 }, (_, time) => {
      const guess = { user: '1001', password: `guess ${time}` };
      const Authorization = answerDigest(challenge, { method: 'REGISTER', uri }, guess);
      const headers = { 'Call-ID': `try-${time}`, Contact: phone.contact, Authorization };
      return phone.request('REGISTER', uri, { authenticates: false, headers });
    });
    const answers = await Promise.all(sent.map((one) => phone.finalAnswer(one)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(tried(scene)).toBe(10);
  });

  // Asterisk takes the password for that of From; others for that of To
  const registersFor = (scene: Scene, extension: string, from: string, password = 'wrong') =>
    scene.phone({ user: '1001', password }).then((phone) =>
      phone.tryToRegister({
        headers: {
          To: `<sip:${extension}@127.0.0.1>`,
          From: `<sip:${from}@127.0.0.1>;tag=third`,
        },
      }),
    );

  /** One try counts at both, and twice of its source. */
  const registration = {
    'spread-guessing': { mode: 'off' },
    lockout: { sourceFailures: 100 },
  } as const;

  test.each(['1001', '%31001', '1001%00a'])(
    'is locked out of whom From names too, whoever is to be registered: %s',
    async (from) => {
      const { scene } = await guarded({ registration });
      await using _ = scene;
      for (let other = 0; other < 10; other++) await registersFor(scene, `20${10 + other}`, from);
      expect(tried(scene)).toBe(10);
      expect(scene.events.filter((event) => event === 'failed 1001 password-wrong')).toHaveLength(
        10,
      );
      const last = await registersFor(scene, '2030', from, 'right');
      expect(last.status).toBe(401);
      expect(tried(scene)).toBe(10);
      const plain = await scene.phone({ user: '1001', password: 'right' });
      expect(await statusOf(plain)).toBe(401);
      expect(tried(scene)).toBe(10);
    },
  );

  test.each(['1001', '1001@pbx.test'])(
    'is locked out of whom his credentials name, whoever is to be registered: %s',
    async (registerName) => {
      const { scene } = await guarded({ registration });
      await using _ = scene;
      for (let other = 0; other < 12; other++) {
        const phone = await scene.phone({
          user: `20${10 + other}`,
          password: 'wrong',
          registerName,
        });
        await phone.tryToRegister();
      }
      expect(tried(scene)).toBe(10);
      const plain = await scene.phone({ user: '1001', password: 'right' });
      expect(await statusOf(plain)).toBe(401);
      expect(tried(scene)).toBe(10);
    },
  );

  test('is not who says at first who he is, with no password', async () => {
    const users = Array.from({ length: 12 }, (_, line) => `10${10 + line}`);
    const { scene } = await guarded(
      {},
      { registrar: { passwords: Object.fromEntries(users.map((user) => [user, 'right'])) } },
    );
    await using _ = scene;
    const Authorization = 'Digest username="x", realm="", nonce="", uri="sip:x", response=""';
    for (const user of users) {
      const line = await scene.phone({ user, password: 'right', transport: 'tcp' });
      const headers = { Authorization };
      expect(await statusOf(line, { authenticates: false, headers })).toBe(401);
      expect(await statusOf(line)).toBe(200);
    }
    expect(scene.events).toEqual(['up pbx-1']);
  });

  describe('of many numbers that are registered by one name at once', () => {
    /** The PBX, which takes a moment, is asked about all of them. */
    async function together(scene: Scene, password: string) {
      const { pbx } = scene;
      const answer = pbx.answer.bind(pbx);
      pbx.answer = (...args) => {
        setTimeout(() => answer(...args), 50);
        return undefined as never; // what is sent, later
      };
      const phones = await Promise.all(
        Array.from({ length: 25 }, (_, number) =>
          scene.phone({ user: String(2001 + number), password, registerName: '1001' }),
        ),
      );
      return Promise.all(phones.map((phone) => statusOf(phone)));
    }

    test('all are, in their turn', async () => {
      const numbers = Array.from({ length: 25 }, (_, number) => [2001 + number, 'right']);
      const registrar = { passwords: Object.fromEntries(numbers) };
      const { scene } = await guarded({ registration }, { registrar });
      await using _ = scene;
      expect(new Set(await together(scene, 'right'))).toEqual(new Set([200]));
    });

    test('ten passwords are tried', async () => {
      const { scene } = await guarded({ registration });
      await using _ = scene;
      expect(new Set(await together(scene, 'wrong'))).toEqual(new Set([401]));
      expect(tried(scene)).toBe(10);
    });
  });

  describe('of many extensions that are tried at once where a phone is registered', () => {
    const numbers = Array.from({ length: 60 }, (_, number) => String(2001 + number));
    const registrar = {
      passwords: { ...passwords, ...Object.fromEntries(numbers.map((one) => [one, 'right'])) },
    };
    const together = (phones: readonly Phone[]) =>
      Promise.all(phones.map((phone) => statusOf(phone)));

    /** A PBX that takes so long, and says about how many passwords it was asked at the same time. */
    async function site(answersAfterMs = 50) {
      const { scene } = await guarded({}, { registrar });
      const { pbx } = scene;
      await scene.registered({ user: '1001', password: 'right' });
      let most = 0;
      let asked = 0;
      const answer = pbx.answer.bind(pbx);
      pbx.answer = (...args) => {
        const isAsked = args[0].header('Authorization') !== undefined;
        if (isAsked) most = Math.max(most, ++asked);
        setTimeout(() => {
          if (isAsked) asked--;
          answer(...args);
        }, answersAfterMs);
        return undefined as never; // what is sent, later
      };
      const phones = (password: string) =>
        Promise.all(numbers.map((user) => scene.phone({ user, password })));
      return { scene, phones, most: () => most };
    }

    test('some twenty passwords are tried, and nobody is told more than that they are wrong', async () => {
      const { scene, phones } = await site();
      await using _ = scene;
      const before = tried(scene);
      expect(new Set(await together(await phones('wrong')))).toEqual(new Set([401]));
      expect(tried(scene) - before).toBeLessThanOrEqual(25);
      expect(scene.events).toContain('attack many-extensions 127.0.0.1');
    });

    test('all are registered whose passwords are right, in their turn', async () => {
      const { scene, phones, most } = await site(200);
      await using _ = scene;
      expect(new Set(await together(await phones('right')))).toEqual(new Set([200]));
      expect(most()).toBe(20);
    });

    test('those that were there before need not wait for each other', async () => {
      // all are asked about before the first is answered, on a busy machine, too
      const { scene, phones, most } = await site(400);
      await using _ = scene;
      await together(await phones('right'));
      for (const binding of [...scene.running.edge.registrations.all()])
        if (binding.aor.startsWith('20')) scene.running.edge.registrations.remove(binding);
      expect(new Set(await together(await phones('right')))).toEqual(new Set([200]));
      expect(most()).toBeGreaterThan(40);
    });
  });

  test('credentials with more names than anybody has are tried nowhere, and count nowhere', async () => {
    const { scene } = await guarded();
    await using _ = scene;
    const phone = await scene.phone({ user: '1001' });
    const asked = await phone.tryToRegister({ authenticates: false });
    const opaque = digestParameter(asked.header('WWW-Authenticate') ?? '', 'opaque');
    const names = Array.from({ length: 900 }, (_, name) => `username="${2000 + name}"`).join(', ');
    const Authorization = `Digest ${names}, realm="pbx", nonce="n", opaque="${opaque}", uri="sip:x", response="0"`;
    expect(await statusOf(phone, { authenticates: false, headers: { Authorization } })).toBe(401);
    expect(tried(scene)).toBe(0);
    expect(scene.events.filter((event) => event.startsWith('failed'))).toEqual([]);
  });

  test('a name in the credentials that is no extension, or the own one, counts as it did', async () => {
    const extensions = { list: { 1001: { registerName: '2001' }, 1002: {} } };
    const { scene } = await guarded({ extensions });
    await using _ = scene;
    for (const [user, registerName] of [
      ['1001', '2001'],
      ['1002', 'desk'],
    ] as const) {
      const phone = await scene.phone({ user, password: 'wrong', registerName });
      await phone.tryToRegister();
    }
    expect(scene.events.filter((event) => event.startsWith('failed'))).toEqual([
      'failed 1001 password-wrong',
      'failed 1002 password-wrong',
    ]);
  });

  test('whoever registers another, and knows the password, may', async () => {
    const { scene, contacts } = await guarded();
    await using _ = scene;
    const phone = await scene.phone({ user: '1002', password: 'right' });
    const headers = { From: '<sip:1001@127.0.0.1>;tag=third' };
    expect(await statusOf(phone, { headers })).toBe(200);
    expect(contacts.get('1002')?.size).toBe(1);
  });

  test('locks nobody out elsewhere', async () => {
    const { scene } = await guarded();
    await using _ = scene;
    await fails(scene, '1001', 12);
    const owner = await scene.phone({ user: '1001', password: 'right', address: '127.0.0.9' });
    expect(await statusOf(owner)).toBe(200);
  });

  test('does not lock the phone out that is registered behind the same address', async () => {
    const { scene } = await guarded();
    await using _ = scene;
    const owner = await scene.registered({ user: '1001', password: 'right' });
    await fails(scene, '1001', 30);
    expect(await statusOf(owner)).toBe(200);
    const neighbour = await scene.phone({ user: '1002', password: 'right' });
    expect(await statusOf(neighbour)).toBe(200);
  });

  test('has as many tries again, and no more, by the name of the device that is registered there', async () => {
    const { scene } = await guarded({ registration: { devices: { most: 5 } } });
    await using _ = scene;
    const named = ({ contact }: Phone) => ({ contact: `${contact};+sip.instance="<urn:uuid:1>"` });
    const owner = await scene.phone({ user: '1001', password: 'right' });
    expect(await statusOf(owner, named(owner))).toBe(200);
    const registered = tried(scene);
    const guesser = await fails(scene, '1001', 12);
    expect(tried(scene) - registered).toBe(10);
    // the device, on a new connection
    const again = await scene.phone({ user: '1001', password: 'right', transport: 'tcp' });
    expect(await statusOf(again, named(again))).toBe(200);
    const before = tried(scene);
    for (let time = 0; time < 30; time++) await guesser.tryToRegister(named(guesser));
    expect(tried(scene) - before).toBe(10);
    expect(await statusOf(again, named(again))).toBe(200);
  });

  test('is told apart by how he fails', async () => {
    const { scene } = await guarded(
      {
        extensions: {
          list: { 1002: { registerName: 'u' }, 1003: { permittedIps: ['192.0.2.1'] } },
        },
      },
      { registrar: { unknown: 404 } },
    );
    await using _ = scene;
    for (const user of ['1001', '1002', '1003', '9999']) await fails(scene, user, 1);
    expect(scene.events.filter((event) => event.startsWith('failed'))).toEqual([
      'failed 1001 password-wrong',
      'failed 1002 register-name-wrong',
      'failed 1003 source-not-permitted',
      'failed 9999 extension-unknown',
    ]);
  });

  test('at many extensions is refused at all of them (R13)', async () => {
    const { scene } = await guarded();
    await using _ = scene;
    for (let extension = 2000; extension < 2006; extension++) await fails(scene, `${extension}`, 1);
    const before = tried(scene);
    const right = await scene.phone({ user: '1001', password: 'right' });
    expect(await statusOf(right)).toBe(401);
    expect(tried(scene)).toBe(before);
    expect(scene.events).toContain('challenge spread-guessing');
  });
});

test('a guard holds where one stolen password made every address one of a phone (R13)', async () => {
  const { scene } = await guarded();
  await using _ = scene;
  const bots = Array.from({ length: 10 }, (_, bot) => `127.0.4.${bot + 1}`);
  for (const address of bots) {
    const stolen = await scene.phone({ user: '1002', password: 'right', address });
    await stolen.register({ headers: { 'Call-ID': 'one' } });
    await stolen.unregister();
  }
  const before = scene.events.length;
  for (let time = 0; time < 6; time++)
    for (const address of bots)
      await (await scene.phone({ user: '1001', password: 'wrong', address })).tryToRegister();
  const failed = scene.events
    .slice(before)
    .filter((event) => event === 'failed 1001 password-wrong');
  expect(failed).toHaveLength(3 * bots.length);
  // an office where nobody failed so often, and where it is new
  await scene.registered({ user: '1003', password: 'right', address: '127.0.5.1' });
  const owner = await scene.phone({ user: '1001', password: 'right', address: '127.0.5.1' });
  expect(await statusOf(owner)).toBe(200);
});

describe('devices (R5)', () => {
  const UA = (name: string): RegisterOptions => ({ headers: { 'User-Agent': name } });

  test('a second one is refused, the first goes on', async () => {
    const { scene, contacts } = await guarded();
    await using _ = scene;
    const first = await scene.phone({ user: '1001', password: 'right' });
    expect(await statusOf(first, UA('A'))).toBe(200);
    const second = await scene.phone({ user: '1001', password: 'right' });
    expect(await statusOf(second, UA('B'))).toBe(401);
    expect(await statusOf(first, UA('A'))).toBe(200);
    expect(contacts.get('1001')?.size).toBe(1);
  });

  test.each([
    ['by its +sip.instance', 'B', { instance: '<urn:uuid:1>', callId: undefined }],
    ['by its Call-ID', 'B', { instance: undefined, callId: 'the-same' }],
    ['by its address and User-Agent', 'A', { instance: undefined, callId: undefined }],
  ])(
    'one that comes back is known %s, and what it had is taken back at the PBX',
    async (_how, name, same) => {
      const { scene, contacts } = await guarded();
      await using _ = scene;
      const asked = (phone: Phone, userAgent: string): RegisterOptions => ({
        headers: {
          'User-Agent': userAgent,
          ...(same.callId !== undefined && { 'Call-ID': same.callId }),
        },
        ...(same.instance !== undefined && {
          contact: `${phone.contact};+sip.instance="${same.instance}"`,
        }),
      });
      const before = await scene.phone({ user: '1001', password: 'right' });
      expect(await statusOf(before, asked(before, 'A'))).toBe(200);
      const after = await scene.phone({ user: '1001', password: 'right' });
      expect(await statusOf(after, asked(after, name))).toBe(200);
      expect(contacts.get('1001')?.size).toBe(1);
      expect(scene.running.edge.registrations.size).toBe(1);
      await scene.reaches(after, [...(contacts.get('1001') ?? [])][0]);
    },
  );

  test.each(['contact', 'path'] as const)(
    'by choice the new one replaces the old one, there and here; toward the PBX by %s',
    async (toward) => {
      const policy = { registration: { devices: { atLimit: 'replace' as const } } };
      const { scene, contacts } = await guarded(policy, { toward });
      await using _ = scene;
      const first = await scene.phone({ user: '1001', password: 'right' });
      expect(await statusOf(first, UA('A'))).toBe(200);
      const [old] = contacts.get('1001') ?? [];
      const second = await scene.phone({ user: '1001', password: 'right' });
      expect(await statusOf(second, UA('B'))).toBe(200);
      expect(contacts.get('1001')?.size).toBe(1);
      expect(contacts.get('1001')).not.toContain(old);
      expect(scene.running.edge.registrations.size).toBe(1);
    },
  );

  test('are no more where several register at once: the last one stays', async () => {
    const { scene, contacts } = await guarded();
    await using _ = scene;
    const phones = await Promise.all(
      ['127.0.3.1', '127.0.3.2', '127.0.3.3'].map((address) =>
        scene.phone({ user: '1001', password: 'right', address }),
      ),
    );
    const statuses = await Promise.all(phones.map((phone) => statusOf(phone)));
    expect(statuses).toEqual([200, 200, 200]);
    expect(scene.running.edge.registrations.size).toBe(1);
    const [binding] = scene.running.edge.registrations.all();
    for (const phone of phones)
      expect(await statusOf(phone)).toBe(phone.address === binding?.address ? 200 : 401);
    const refused = [...(contacts.get('1001') ?? [])].filter(
      (uri) => uriParameter(uri, 'flow') !== binding?.token,
    );
    expect(refused).toHaveLength(2);
    for (const uri of refused) expect(await scene.refused(uri)).toBe(480);
  });

  test('that share the name of one are its flows, and not more than it may have', async () => {
    const { scene, contacts } = await guarded();
    await using _ = scene;
    for (let flow = 1; flow < 8; flow++) {
      const phone = await scene.phone({
        user: '1001',
        password: 'right',
        address: `127.0.3.${flow}`,
      });
      const contact = `${phone.contact};+sip.instance="<urn:uuid:1>";reg-id=${flow}`;
      expect(await statusOf(phone, { contact })).toBe(200);
      expect(contacts.get('1001')?.size).toBe(Math.min(flow, 4));
    }
    const left = [...scene.running.edge.registrations.all()].map(({ address }) => address);
    expect(left).toEqual(['127.0.3.4', '127.0.3.5', '127.0.3.6', '127.0.3.7']);
  });

  test('and the one that was there before stays, whoever else came at once', async () => {
    const { scene } = await guarded({ registration: { devices: { most: 2 } } });
    await using _ = scene;
    await scene.registered({ user: '1001', password: 'right' });
    const phones = await Promise.all(
      ['127.0.3.1', '127.0.3.2'].map((address) =>
        scene.phone({ user: '1001', password: 'right', address }),
      ),
    );
    const statuses = await Promise.all(phones.map((phone) => statusOf(phone)));
    expect(statuses).toEqual([200, 200]);
    const addresses = [...scene.running.edge.registrations.all()].map(({ address }) => address);
    expect(addresses).toHaveLength(2);
    expect(addresses).toContain('127.0.0.1');
  });

  test('another domain, or another spelling, is no way around', async () => {
    const { scene } = await guarded();
    await using _ = scene;
    const first = await scene.phone({ user: '1001', password: 'right' });
    expect(await statusOf(first, UA('A'))).toBe(200);
    const second = await scene.phone({ user: '1001', password: 'right', domain: 'other.test' });
    expect(await statusOf(second, UA('B'))).toBe(401);
    const To = '<sip:%31001@127.0.0.1>';
    expect(await statusOf(second, { headers: { 'User-Agent': 'B', To } })).toBe(401);
  });

  test('nor are more domains than anybody has, each left again', async () => {
    const network = { allowed: [], ...{ 'request-rates': { mode: 'off' } } };
    const { scene } = await guarded({ network });
    await using _ = scene;
    const phone = await scene.phone({ user: '1001', password: 'right' });
    const at = (domain: string, userAgent: string): RegisterOptions => ({
      headers: { 'User-Agent': userAgent, To: `<sip:1001@${domain}>` },
    });
    for (let count = 0; count < 70; count++) {
      await phone.register(at(`d${count}.test`, 'A'));
      await phone.register({ ...at(`d${count}.test`, 'A'), expires: 0 });
    }
    expect(await statusOf(phone, at('first.test', 'A'))).toBe(200);
    const other = await scene.phone({ user: '1001', password: 'right' });
    expect(await statusOf(other, at('second.test', 'B'))).toBe(401);
    expect(scene.running.edge.registrations.size).toBe(1);
  });
});

describe('how long a registration lasts (R9)', () => {
  test('is at least a minute, or the phone is told so', async () => {
    const { scene } = await guarded();
    await using _ = scene;
    const phone = await scene.phone({ user: '1001', password: 'right' });
    const refused = await phone.tryToRegister({ expires: 59 });
    expect([refused.status, refused.header('Min-Expires')]).toEqual([423, '60']);
    expect(await statusOf(phone, { expires: 60 })).toBe(200);
    expect((await phone.unregister()).status).toBe(200);
  });

  test.each(['contact', 'path'] as const)(
    'is at most an hour, toward the PBX, the phone and here; by %s',
    async (toward) => {
      const { scene } = await guarded({}, { toward });
      await using _ = scene;
      const phone = await scene.phone({ user: '1001', password: 'right' });
      const before = Date.now();
      const ok = await phone.register({ expires: 86_400 });
      expect(scene.given()[0]).toMatch(/>;expires=3600$/);
      expect(ok.list('Contact')[0]).toMatch(/>;expires=3600$/);
      const [binding] = scene.running.edge.registrations.all();
      expect(binding?.expiresAt).toBeLessThanOrEqual(Date.now() + 3_600_000);
      expect(binding?.expiresAt).toBeGreaterThanOrEqual(before + 3_600_000);
    },
  );

  test('is cut where the PBX grants more than was asked', async () => {
    const { scene } = await guarded();
    await using _ = scene;
    const phone = await scene.phone({ user: '1001' });
    scene.pbx.always('REGISTER', (request) => {
      const contact = `${request.header('Contact')};expires=86400`;
      scene.pbx.answer(request, 200, { headers: { Contact: contact } });
    });
    const ok = await phone.register({ expires: 300 });
    expect(ok.list('Contact')).toEqual([`${phone.contact};expires=3600`]);
  });

  test('is raised for phones that do not understand a 423, by choice', async () => {
    const { scene } = await guarded({ registration: { expiry: { tooShort: 'raise' } } });
    await using _ = scene;
    const phone = await scene.phone({ user: '1001', password: 'right' });
    await phone.register({ expires: 10 });
    expect(scene.given()[0]).toMatch(/>;expires=60$/);
  });
});
