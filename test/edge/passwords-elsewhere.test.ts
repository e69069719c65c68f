import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { digestParameter } from '../../src/sip/message/digest.ts';
import { heard } from '../contract/scene.ts';
import { asksCallers, isRegistrar } from '../support/a-registrar.ts';
import { answerDigest } from '../support/digest-answer.ts';
import { eventually } from '../support/eventually.ts';
import type { Received } from '../support/sip-party.ts';
import { aScene, type Scene, type SceneOptions } from './scene.ts';

const longName = 'reception-of-the-main-building.'.repeat(8);
const passwords = { 1001: 'secret', 1002: 'own', 1003: 'old', [longName]: 'long' };
const RIGHT = 486;

/** A gate with all rules, before a PBX that asks everybody for his password, in calls of every kind. */
async function guessable(policy: SceneOptions['policy'] = {}) {
  const scene = await aScene({ policy: { site: { rules: 'on' }, ...policy } });
  const { pbx } = scene;
  isRegistrar(pbx, { passwords });
  asksCallers(pbx, passwords, (invite) => pbx.answer(invite, RIGHT));
  // whom OPTIONS is from a PBX may want to know as well, and then it is asked so
  pbx.always('OPTIONS', (options) => {
    const challenge = `Digest realm="pbx", nonce="of-options"`;
    pbx.answer(options, 401, { headers: { 'WWW-Authenticate': challenge } });
  });
  return scene;
}

type Phone = Awaited<ReturnType<Scene['phone']>>;
interface Try {
  readonly password: string;
  readonly method?: 'INVITE' | 'OPTIONS';
  readonly number?: string;
  readonly user?: string;
  /** In the credentials, when it is another. */
  readonly name?: string;
  /** As some phones do, and whoever wants nothing to be counted. */
  readonly leavesOpaqueOut?: boolean;
}

/** Asks, and answers the challenge with this password. */
async function tries(
  phone: Phone,
  {
    password,
    method = 'INVITE',
    number = '112',
    user = '1001',
    name = user,
    leavesOpaqueOut = false,
  }: Try,
) {
  const uri = `sip:${number}@127.0.0.1`;
  const asks = async (headers: Record<string, string>) => {
    const options = {
      authenticates: false,
      headers: { From: `<sip:${user}@127.0.0.1>;tag=a`, ...headers },
    };
    return method === 'INVITE'
      ? (await phone.invite(number, options)).final()
      : phone.finalAnswer(phone.request(method, uri, options));
  };
  const challenge = (await asks({})).header('WWW-Authenticate') ?? '';
  const answered = leavesOpaqueOut ? challenge.replace(/, opaque="[^"]*"/, '') : challenge;
  const Authorization = answerDigest(answered, { method, uri }, { user: name, password });
  return asks({ Authorization });
}

const tried = ({ pbx }: Scene, method = 'INVITE') =>
  heard(pbx, method).filter((one) => one.header('Authorization') !== undefined).length;
const isStale = (answer: Awaited<ReturnType<typeof tries>>) =>
  /stale=true/.test(answer.header('WWW-Authenticate') ?? '');

describe('the password of an emergency call from where its extension is not registered', () => {
  test('goes no further where it answers no challenge that went there; the call does', async () => {
    await using scene = await guessable();
    await scene.registered({ password: 'secret' });
    const stranger = await scene.phone({ address: '127.0.3.9' });
    const before = heard(scene.pbx, 'INVITE').length;
    const answer = await tries(stranger, { password: 'secret', leavesOpaqueOut: true });
    expect([answer.status, isStale(answer)]).toEqual([401, true]);
    expect(heard(scene.pbx, 'INVITE').length - before).toBe(2);
    expect(tried(scene)).toBe(0);
  });

  test('is tried where it does: who has it may call', async () => {
    await using scene = await guessable();
    const stranger = await scene.phone({ address: '127.0.3.9' });
    expect((await tries(stranger, { password: 'secret' })).status).toBe(RIGHT);
  });

  test.each(['udp', 'tcp'] as const)(
    'is tried over %s as often as a registration would be, and the call goes on after that',
    async (transport) => {
      await using scene = await guessable();
      const stranger = await scene.phone({ address: '127.0.3.9', transport });
      for (let guess = 0; guess < 10; guess++)
        expect((await tries(stranger, { password: `guess ${guess}` })).status).toBe(401);
      const before = heard(scene.pbx, 'INVITE').length;
      const answer = await tries(stranger, { password: 'secret' });
      expect([answer.status, isStale(answer)]).toEqual([401, false]);
      expect(tried(scene)).toBe(10);
      expect(heard(scene.pbx, 'INVITE').length - before).toBe(2);
      expect((await tries(stranger, { password: 'own', user: '1002' })).status).toBe(401);
      expect(tried(scene)).toBe(10);
    },
  );

  test('is tried no more often where many are sent at once', async () => {
    await using scene = await guessable();
    const phone = await scene.phone({ transport: 'tcp' });
    const answers = await Promise.all(
      Array.from({ length: 15 }, (_, time) => tries(phone, { password: `guess ${time}` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401));
    expect(tried(scene)).toBe(10);
  });

  test('is not tried while its extension is guarded', async () => {
    await using scene = await guessable();
    const { guards } = scene.running.edge.attacks;
    const forMs = 60_000;
    guards.raise({ extension: '1001', by: 'operator', evidence: 'x', forMs }, Date.now());
    const stranger = await scene.phone({ address: '127.0.3.9' });
    expect((await tries(stranger, { password: 'secret' })).status).toBe(401);
    expect(tried(scene)).toBe(0);
  });

  test('counts at its extension, however that is spelt', async () => {
    await using scene = await guessable();
    const stranger = await scene.phone({ address: '127.0.3.9' });
    for (let guess = 0; guess < 10; guess++)
      await tries(stranger, {
        password: 'no',
        user: ['%31001', '100%31', '1001%00x', `1001%00${guess}`][guess % 4] ?? '',
      });
    await tries(stranger, { password: 'secret' });
    expect(tried(scene)).toBe(10);
  });

  test.each(['stranger', '1002'])('counts at whom it names, whoever calls: %s', async (user) => {
    // one try counts at both, and twice of its source
    await using scene = await guessable({ registration: { lockout: { sourceFailures: 100 } } });
    const caller = await (user === '1002'
      ? scene.registered({ user, password: 'own' })
      : scene.phone());
    for (let guess = 0; guess < 12; guess++)
      await tries(caller, { password: `${guess}`, user, name: '1001' });
    expect(tried(scene)).toBe(10);
    await tries(await scene.phone(), { password: 'secret' });
    expect(tried(scene)).toBe(10);
  });

  test('counts at whom it names, be that name as long as any that can be guarded', async () => {
    await using scene = await guessable({ registration: { lockout: { sourceFailures: 100 } } });
    await scene.registered({ user: longName, password: 'long' });
    const stranger = await scene.phone({ address: '127.0.3.9' });
    for (let guess = 0; guess < 12; guess++)
      await tries(stranger, {
        password: `${guess}`,
        user: `stranger-${guess % 2}`,
        name: longName,
      });
    expect(tried(scene)).toBe(10);
  });

  test('of another extension is held so from a registered phone too', async () => {
    await using scene = await guessable();
    const insider = await scene.registered({ user: '1002', password: 'own' });
    const guess = { password: 'secret', leavesOpaqueOut: true };
    expect((await tries(insider, guess)).status).toBe(401);
    expect(tried(scene)).toBe(0);
  });
});

test('nobody who is not registered has a password tried by saying that he is in a call', async () => {
  await using scene = await guessable();
  const stranger = await scene.phone({ address: '127.0.3.9' });
  scene.pbx.always('INVITE', (invite) => scene.pbx.answer(invite, 486));
  await (await stranger.invite('112')).final();
  const route = heard(scene.pbx, 'INVITE')[0]?.list('Record-Route').at(-1) ?? '';
  const { address, port } = scene.pbx;
  const headers = {
    To: '<sip:112@127.0.0.1>;tag=nobody',
    Route: route,
    Authorization: 'Digest username="1001", realm="pbx", nonce="n", uri="sip:112", response="r"',
  };
  const options = { authenticates: false, headers };
  const uri = `sip:${address}:${port}`;
  await stranger.finalAnswer(stranger.request('INVITE', uri, options));
  expect(heard(scene.pbx, 'INVITE')).toHaveLength(2);
  expect(tried(scene)).toBe(0);
});

describe('who only shares the address of a registered phone', () => {
  test.each([
    ['From', { From: '<sip:1002@127.0.0.1>;tag=a' }],
    [
      'P-Preferred-Identity',
      {
        From: '<sip:anonymous@anonymous.invalid>;tag=a',
        'P-Preferred-Identity': '<sip:1002@127.0.0.1>',
      },
    ],
  ])('does not call in its name by %s, with a password of his own', async (_by, headers) => {
    await using scene = await guessable();
    await scene.registered({ user: '1002', password: 'own' });
    const neighbour = await scene.phone({ transport: 'tcp' });
    const uri = 'sip:1003@127.0.0.1';
    const ask = async (more: Record<string, string> = {}) =>
      (
        await neighbour.invite('1003', { authenticates: false, headers: { ...headers, ...more } })
      ).final();
    const challenge = (await ask()).header('WWW-Authenticate') ?? '';
    const as = (user: string, password: string) => ({
      Authorization: answerDigest(challenge, { method: 'INVITE', uri }, { user, password }),
    });
    expect((await ask(as('1001', 'secret'))).status).toBe(403);
    expect(tried(scene)).toBe(0);
    expect(scene.events).toContain('reject caller-identity');
    await ask(as('1002', 'own'));
    expect(tried(scene)).toBe(1);
  });

  test.each(['INVITE', 'OPTIONS'] as const)(
    'has no more tries at its password than if he registered: %s',
    async (method) => {
      await using scene = await guessable();
      const owner = await scene.registered({ password: 'secret' });
      const neighbour = await scene.phone();
      for (let guess = 0; guess < 15; guess++) await tries(neighbour, { password: 'no', method });
      expect(tried(scene, method)).toBe(10);
      expect((await tries(owner, { password: 'secret' })).status).toBe(RIGHT);
    },
  );

  test('has none where he says that he is in a call', async () => {
    await using scene = await guessable();
    const owner = await scene.registered({ password: 'secret' });
    await (await owner.invite('112', { authenticates: false })).final();
    const route = heard(scene.pbx, 'INVITE')[0]?.list('Record-Route').at(-1) ?? '';
    const neighbour = await scene.phone();
    const { address, port } = scene.pbx;
    const headers = {
      To: '<sip:pbx@127.0.0.1>;tag=nobody',
      Route: route,
      Authorization: 'Digest username="1001", realm="pbx", nonce="n", uri="sip:pbx", response="r"',
    };
    const asked = (phone: Phone) =>
      phone.finalAnswer(
        phone.request('OPTIONS', `sip:${address}:${port}`, { authenticates: false, headers }),
      );
    await asked(neighbour);
    expect(
      heard(scene.pbx, 'OPTIONS').filter(({ header }) => header('To')?.includes('nobody')),
    ).toHaveLength(1);
    expect(tried(scene, 'OPTIONS')).toBe(0);
    await asked(owner);
    expect(tried(scene, 'OPTIONS')).toBe(1);
  });
});

test('a registered phone makes its emergency call with what it has, and loses no time', async () => {
  await using scene = await guessable();
  const phone = await scene.registered({ password: 'secret' });
  expect((await tries(phone, { password: 'secret', leavesOpaqueOut: true })).status).toBe(RIGHT);
});

test('a phone that keeps its credentials brings the PBX its own opaque in a call, too', async () => {
  await using scene = await guessable();
  const { pbx } = scene;
  const phone = await scene.registered({ password: 'secret' });
  const challenge = 'Digest realm="pbx", nonce="n", opaque="of the PBX"';
  pbx.always('INVITE', (invite) =>
    invite.header('Authorization') === undefined
      ? pbx.answer(invite, 401, { headers: { 'WWW-Authenticate': challenge } })
      : pbx.answer(invite, 200),
  );
  const call = await phone.invite('1002', { authenticates: true });
  await call.answered();
  const Authorization = phone.latest(call.invite).header('Authorization');
  expect(digestParameter(Authorization ?? '', 'opaque')).toMatch(/.\.of the PBX$/);
  expect((await call.ask('INVITE', { headers: { Authorization } })).status).toBe(200);
  const brought = heard(pbx, 'INVITE').map((one) => one.header('Authorization') ?? '');
  expect(brought.map((one) => digestParameter(one, 'opaque'))).toEqual([
    ...[undefined, 'of the PBX', 'of the PBX'],
  ]);
});

describe('a PBX that registers and calls by another connection', () => {
  const busy = {
    outbound: { 'call-frequency': { limits: [] }, 'concurrent-calls': { extension: null } },
  };

  test('makes more calls at once than it may fail at: they wait until the first ring', async () => {
    await using scene = await guessable(busy);
    const { pbx } = scene;
    let most = 0;
    let asked = 0;
    asksCallers(pbx, passwords, (invite) => {
      most = Math.max(most, ++asked);
      setTimeout(() => {
        asked--;
        pbx.answer(invite, RIGHT);
      }, 100);
    });
    await scene.registered({ password: 'secret', transport: 'tcp' });
    const other = await scene.phone({ password: 'secret', transport: 'tcp' });
    const calls = await Promise.all(Array.from({ length: 25 }, () => other.invite('1002')));
    const answers = await Promise.all(calls.map((call) => call.final()));
    expect(answers.map(({ status }) => status)).toEqual(calls.map(() => RIGHT));
    expect(most).toBe(10);
  });

  test('subscribes to more at once than it may fail at, before it has registered by that connection', async () => {
    await using scene = await guessable();
    const { pbx } = scene;
    const challenge = 'Digest realm="pbx", nonce="of-subscribe"';
    pbx.always('SUBSCRIBE', (subscribe) => {
      if (subscribe.header('Authorization') !== undefined)
        setTimeout(() => pbx.answer(subscribe, 200), 50);
      else pbx.answer(subscribe, 401, { headers: { 'WWW-Authenticate': challenge } });
    });
    await scene.registered({ password: 'secret', transport: 'tcp' });
    const other = await scene.phone({ password: 'secret', transport: 'tcp' });
    const sent = Array.from({ length: 25 }, () =>
      other.request('SUBSCRIBE', 'sip:1002@127.0.0.1', { headers: { Event: 'dialog' } }),
    );
    const answers = await Promise.all(sent.map((subscribe) => other.finalAnswer(subscribe)));
    expect(answers.map(({ status }) => status)).toEqual(sent.map(() => 200));
  });

  test('has no more passwords tried than anybody, be it that many wait, and for long', async () => {
    await using scene = await guessable(busy);
    await scene.registered({ password: 'secret', transport: 'tcp' });
    const other = await scene.phone({ transport: 'tcp' });
    const { pbx } = scene;
    const asked: Received[] = [];
    const refuse = (invite: Received) => {
      const challenge = `Digest realm="pbx", nonce="${crypto.randomUUID()}"`;
      pbx.answer(invite, 401, { headers: { 'WWW-Authenticate': challenge } });
    };
    pbx.always('INVITE', (invite) => {
      if (invite.header('Authorization') === undefined) refuse(invite);
      else asked.push(invite);
    });
    const guesses = Array.from({ length: 25 }, (_, time) =>
      tries(other, { number: '1002', password: `guess ${time}` }),
    );
    await eventually(() => asked.length === 10, 'ten asked');
    const { now } = Date;
    Date.now = () => now() + 15_000;
    try {
      pbx.always('INVITE', refuse);
      for (const invite of asked) refuse(invite);
      const answers = await Promise.all(guesses);
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401));
      const those = heard(pbx, 'INVITE').filter((one) => one.header('Authorization'));
      expect(new Set(those.map(({ callId }) => callId)).size).toBe(10);
    } finally {
      Date.now = now;
    }
  });

  test('gives up a call that waits like any other', async () => {
    await using scene = await guessable(busy);
    const { pbx } = scene;
    const asked: Received[] = [];
    asksCallers(pbx, passwords, (invite) => void asked.push(invite));
    await scene.registered({ password: 'secret', transport: 'tcp' });
    const other = await scene.phone({ password: 'secret', transport: 'tcp' });
    const calls = await Promise.all(Array.from({ length: 10 }, () => other.invite('1002')));
    await eventually(() => asked.length === 10, 'ten asked');
    const eleventh = await other.invite('1002');
    await sleep(200);
    eleventh.cancel();
    expect((await eleventh.final()).status).toBe(487);
    for (const invite of asked) pbx.answer(invite, RIGHT);
    await Promise.all(calls.map((call) => call.final()));
    const { leases, guesses } = scene.running.edge;
    await eventually(() => leases.ledger.size === 0, 'no lease');
    expect(guesses.failures('1001|127.0.0.1', 1800, Date.now())).toBe(0);
    expect(asked).toHaveLength(10);
  });
});

describe('the password of a request that anybody may send (no-guests.openMethods)', () => {
  test.each([
    ['without a mark of ours none', true, 0],
    ['with one as many as of a registration', false, 10],
  ])('is tried from where others are registered: %s', async (_what, leavesOpaqueOut, most) => {
    await using scene = await guessable();
    await scene.registered({ user: '1002', password: 'own', address: '127.0.3.9' });
    const stranger = await scene.phone({ address: '127.0.3.9' });
    const guess = { method: 'OPTIONS', number: '1001', password: 'no', leavesOpaqueOut } as const;
    for (let more = 0; more < 12; more++) expect((await tries(stranger, guess)).status).toBe(401);
    expect(tried(scene, 'OPTIONS')).toBe(most);
  });
});

describe('a phone that returns no opaque, for which proven-credentials is off', () => {
  const why = { until: '2100-01-01T10:00Z', why: 'an old phone' };
  test.each([
    ['for it', { extensions: { list: { 1003: { rules: { 'proven-credentials': 'off' } } } } }],
    [
      'by an exception',
      { exceptions: { old: { rule: 'proven-credentials', extension: '1003', ...why } } },
    ],
  ] as const)('%s, calls as it registers', async (_how, policy) => {
    await using scene = await guessable(policy);
    const phone = await scene.registered({ user: '1003', password: 'old' });
    const call = { number: '1002', user: '1003', password: 'old', leavesOpaqueOut: true };
    expect((await tries(phone, call)).status).toBe(RIGHT);
  });

  test('calls so where the rule is off for all, too', async () => {
    await using scene = await guessable({
      registration: { 'proven-credentials': { mode: 'off' } },
    });
    const phone = await scene.registered({ password: 'secret' });
    const call = { number: '1002', password: 'secret', leavesOpaqueOut: true };
    expect((await tries(phone, call)).status).toBe(RIGHT);
  });
});
