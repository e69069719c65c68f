import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone, type PhoneOptions } from '../support/a-phone.ts';
import { isRegistrar } from '../support/a-registrar.ts';
import { knowsNode, knowsPhone, knowsRedis, startNode } from '../support/cluster.ts';
import type { Gate } from '../support/gate-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { contactOf, type Received } from '../support/sip-party.ts';

const settings = {
  'outbound.unknown-numbers.mode': 'off',
  'outbound.allowed-countries.mode': 'off',
  'network.stealth.mode': 'off', // who is refused is told so here
};

describe.each(['contact', 'path'] as const)(
  'phones of two nodes, toward the PBX by %s',
  (toward) => {
    let redis: RedisServer;
    let pbx: Pbx;
    let a: Gate;
    let b: Gate;
    const phones: Phone[] = [];
    const node = (name: string, address = ownAddress()) =>
      startNode(name, redis, {
        ...{ pbx: pbx.uri, rules: 'shipped', address },
        settings: {
          ...settings,
          'pbx.registration.toward': toward,
          // a Path leads to whom it names: all nodes, where it may be any of them
          ...(toward === 'path' && { 'listeners.0.advertise': `gates.test:${ownPorts.sip}` }),
        },
      });

    beforeAll(async () => {
      redis = await startRedis();
      pbx = await aPbx({ address: ownAddress(), port: ownPorts.sip });
      isRegistrar(pbx, {
        passwords: { 1001: 'right', 1002: 'right', 1003: 'right', 1004: 'right' },
      });
      a = await node('a');
      b = await node('b');
      await Promise.all([knowsRedis(a), knowsRedis(b), knowsNode(a, 'b'), knowsNode(b, 'a')]);
    });
    afterAll(async () => {
      await Promise.all([a?.close(), b?.close(), pbx?.close()]);
      await redis?.close();
    });
    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail') console.log(a.logs().slice(-3000), b.logs().slice(-3000));
      for (const phone of phones.splice(0)) await phone.close();
    });

    async function phone(user: string, to: PhoneOptions['to'], more: Partial<PhoneOptions> = {}) {
      const address = ownAddress();
      const one = await aPhone({ ...{ user, password: 'right', to, address }, ...more });
      phones.push(one);
      return one;
    }
    const registers = (user: string) =>
      pbx.received.findLast(
        (one) =>
          one.method === 'REGISTER' &&
          one.header('To')?.includes(user) === true &&
          one.header('Authorization') !== undefined,
      );
    /** As the PBX would call a phone: by what it was told of it. It sends to this gate. */
    function calls(user: string, gate: Gate) {
      const register = registers(user);
      if (register === undefined) throw new Error(`${user} never registered`);
      const path = register.headers('Path');
      return pbx.invite(contactOf(register), {
        to: { ...gate.udp, transport: 'udp' },
        headers: path.length > 0 ? { Route: path } : {},
      });
    }
    const invited = (one: Phone): Promise<Received> => one.expect('INVITE');

    test.each([
      ['TLS', 'tls'],
      ['TCP', 'tcp'],
      ['UDP', 'udp'],
    ] as const)(
      'a call that comes to one reaches a phone on the other, over its %s',
      async (_what, transport) => {
        const alice = await phone('1001', a[transport], { transport });
        await alice.register();
        await knowsPhone(b, alice, 'a');
        const call = await calls('1001', b);
        const invite = await invited(alice);
        expect(invite.header('X-Drawbridge-Node')).toBeUndefined();
        expect(invite.uri).toContain('1001@');
        alice.answer(invite, 180);
        await call.rings();
        const accepting = alice.accept(invite);
        await call.answered();
        const callee = await accepting;

        const again = callee.ask('INVITE', { body: invite.body });
        const reinvite = await pbx.expect(
          (one) => one.method === 'INVITE' && one.callId === call.callId,
        );
        pbx.answer(reinvite, 200, { body: invite.body });
        expect((await again).status).toBe(200);

        const byes = call.bye();
        alice.answer(await alice.expect('BYE'), 200);
        expect((await byes).status).toBe(200);
        await alice.unregister();
      },
    );

    test('and a phone can hang up as well', async () => {
      const alice = await phone('1001', a.tls, { transport: 'tls' });
      await alice.register();
      await knowsPhone(b, alice, 'a');
      const call = await calls('1001', b);
      const accepting = alice.accept(await invited(alice));
      await call.answered();
      const bye = (await accepting).bye();
      pbx.answer(
        await pbx.expect((one) => one.method === 'BYE' && one.callId === call.callId),
        200,
      );
      await bye;
      await alice.unregister();
    });

    test('nobody can write himself a way to a phone: not a stranger, and not from the address of a node', async () => {
      const alice = await phone('1002', a.tls, { transport: 'tls' });
      await alice.register();
      await knowsPhone(b, alice, 'a');
      const uri = contactOf(registers('1002') as Received);
      const forged = { 'X-Drawbridge-Node': `flow=x;at=${Date.now()};mac=${'a'.repeat(22)}` };
      const stranger = await phone('1003', a.tcp, { transport: 'tcp' });
      const asked = stranger.request('INVITE', uri, { headers: forged });
      expect((await stranger.finalAnswer(asked)).status).not.toBe(200);
      const posing = await phone('1003', a.tcp, { transport: 'tcp', address: b.address });
      const posed = posing.request('INVITE', uri, { headers: forged });
      expect((await posing.finalAnswer(posed)).status).toBe(403);
      await expect(alice.expect('INVITE', { within: 300 })).rejects.toThrow();
      await alice.unregister();
    });

    test('a second device is one too many on the other node too, and the same one is not (R5)', async () => {
      const first = await phone('1003', a.tcp, { transport: 'tcp' });
      await first.register();
      await knowsPhone(b, first, 'a');
      const second = await phone('1003', b.udp);
      expect((await second.tryToRegister()).status).toBe(401);
      const same = await phone('1003', b.tcp, { transport: 'tcp' });
      const { callId } = registers('1003') as Received;
      const moved = { contact: first.contact, headers: { 'Call-ID': callId, CSeq: '50 REGISTER' } };
      expect((await same.tryToRegister(moved)).status).toBe(200);
      await knowsPhone(a, same, 'b');
      // from now on it is reached there, also by way of the node that it was on
      const call = await calls('1003', a);
      const accepting = same.accept(await invited(same));
      await call.answered();
      const callee = await accepting;
      const bye = callee.bye();
      pbx.answer(
        await pbx.expect((one) => one.method === 'BYE' && one.callId === call.callId),
        200,
      );
      await bye;
    });

    test('of a node that dies nothing is lost: its phones may call by another at once, and register there', async () => {
      const alice = await phone('1004', a.tcp, { transport: 'tcp', domain: 'office.test' });
      await alice.register();
      await knowsPhone(b, alice, 'a');
      expect(await b.status()).toMatch(/1004@.* at a/);
      await a.kill();
      const here = { domain: 'office.test', address: alice.address } as const;
      const again = await phone('1004', b.tcp, { transport: 'tcp', ...here });
      pbx.always('ACK', () => {});
      const dialled = await again.invite('2000');
      const invite = await pbx.expect(
        (one) => one.method === 'INVITE' && one.callId === dialled.callId,
      );
      pbx.answer(invite, 486);
      expect((await dialled.final()).status).toBe(486);
      // what is for a phone that nobody can reach is told so, soon
      const lost = await calls('1004', b);
      expect((await lost.final(9000)).status).toBeGreaterThanOrEqual(400);
      const { callId } = registers('1004') as Received;
      await again.register({
        contact: alice.contact,
        headers: { 'Call-ID': callId, CSeq: '50 REGISTER' },
      });
      const call = await calls('1004', b);
      again.answer(await invited(again), 486);
      expect((await call.final()).status).toBe(486);
      a = await node('a', a.address);
    });
  },
);
