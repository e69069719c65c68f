import { describe, expect, test } from 'vitest';
import type { Failure } from '../../src/edge/signaling.ts';
import { aPhone } from '../support/a-phone.ts';
import { openTransports } from '../support/open-transports.ts';
import { contactOf, newBranch } from '../support/sip-party.ts';
import { eventually, pause } from './eventually.ts';
import { aScene, at, heard } from './scene.ts';

/** A call on its way to a PBX over TCP, with a second PBX to fall back on. */
async function overTcp() {
  const scene = await aScene();
  const { gate, phone, pbx } = scene;
  const second = await scene.anotherPbx();
  const failed: Failure[] = [];
  gate.forwards({
    targets: [at(pbx, { transport: 'tcp' }), at(second)],
    recordRoute: true,
    onTargetFailed: (_target, failure) => failed.push(failure),
  });
  const call = await phone.invite('1002');
  const invite = await pbx.expect('INVITE');
  /** Every connection to the PBX dies and none can be opened. */
  const die = async () => pbx.wires.find(({ transport }) => transport === 'tcp')?.close();
  return { scene, gate, phone, pbx, second, failed, call, invite, die };
}

describe.concurrent('the connection to a target dies', () => {
  test('before it said anything: the next target is tried', async () => {
    const { scene, second, failed, call, die } = await overTcp();
    await using _ = scene;
    await die();
    second.answer(await second.expect('INVITE', { within: 1500 }), 200);
    await call.answered();
    expect(failed).toEqual(['unreachable']);
  });

  test('after its ringing was passed on: the call is refused, nobody else is tried', async () => {
    const { scene, pbx, second, call, invite, die } = await overTcp();
    await using _ = scene;
    pbx.answer(invite, 180);
    await call.rings();
    await die();
    expect((await call.final(1500)).status).toBeGreaterThanOrEqual(500);
    expect(second.received).toEqual([]);
  });

  test('during a MESSAGE: it is refused at once', async () => {
    await using scene = await aScene();
    const { gate, phone, pbx } = scene;
    gate.forwards({ targets: [at(pbx, { transport: 'tcp' })] });
    const sent = phone.request('MESSAGE', 'sip:x');
    await pbx.expect('MESSAGE');
    await pbx.wires.find(({ transport }) => transport === 'tcp')?.close();
    expect((await phone.finalAnswer(sent, 1500)).status).toBeGreaterThanOrEqual(500);
  });

  test('and it listens again: the next request opens a new one', async () => {
    await using scene = await aScene();
    const { gate, phone, pbx } = scene;
    gate.forwards({ targets: [at(pbx, { transport: 'tcp' })] });
    const first = phone.request('MESSAGE', 'sip:1@x');
    pbx.answer(await pbx.expect('MESSAGE'), 200);
    await phone.finalAnswer(first);
    const { port } = pbx;
    await pbx.close();
    await pause(50);
    const reborn = await scene.anotherPbx({ port });
    const second = phone.request('MESSAGE', 'sip:2@x');
    reborn.answer(await reborn.expect('MESSAGE'), 200);
    expect((await phone.finalAnswer(second)).status).toBe(200);
  });
});

describe.concurrent.each(['tcp', 'tls', 'ws'] as const)(
  "the caller's connection over %s dies",
  (transport) => {
    test('while it rings: the call is cancelled', async () => {
      await using scene = await aScene({ phone: { transport } });
      const { gate, phone, pbx } = scene;
      const call = await phone.invite('1002');
      const invite = await pbx.expect('INVITE');
      pbx.answer(invite, 180);
      await call.rings();
      await phone.wires[0]?.close();
      const cancel = await pbx.expect('CANCEL');
      expect(cancel.branch).toBe(invite.branch);
      pbx.answer(cancel, 200);
      pbx.answer(invite, 487);
      await pbx.expect('ACK');
      expect(gate.calls()).toEqual([]);
    });

    test('in a call: the other side can still hang up, and the call ends', async () => {
      await using scene = await aScene({ phone: { transport } });
      const { gate, phone } = scene;
      const { called } = await scene.talk();
      await phone.wires[0]?.close();
      await eventually(() => gate.closedFlows.length === 1, 'the connection is gone');
      const final = await called.ask('BYE');
      expect(final.status).toBeGreaterThanOrEqual(200);
      await eventually(() => gate.ended.length === 1, 'the end');
    });
  },
);

interface Ringing {
  readonly transport?: 'tcp' | 'tls';
  readonly realm?: 'core' | 'trunk';
  /** Where the PBX listens; its connection comes from 127.0.0.6. */
  readonly pbx?: string;
  /** What its Via says; the port of the TCP listener when not given. */
  readonly host: string;
  readonly port?: number;
}

/** A PBX calls over a connection that dies while the phone rings. */
async function ringsWhenLost(ringing: Ringing) {
  const { transport = 'tcp', realm = 'core', pbx: address = '127.0.0.6', host } = ringing;
  const asked: string[] = [];
  const scene = await aScene({
    listeners: [
      { transport: 'udp', realm: 'access' },
      { transport, realm },
    ],
    mayReach: (name) => {
      asked.push(name);
      return true;
    },
  });
  const { gate, phone } = scene;
  const target = { nextHop: `sip:127.0.0.1:${phone.port}`, realm: 'access' } as const;
  gate.forwards({ targets: [target], recordRoute: true });
  const pbx = await scene.anotherPbx({ address });
  const { port } = gate.listener(transport, realm);
  const line = await aPhone({
    transport,
    to: { address: '127.0.0.1', port },
    address: '127.0.0.6',
  });
  const Via = `SIP/2.0/${transport.toUpperCase()} ${host}:${ringing.port ?? pbx.port};branch=${newBranch()}`;
  const call = await line.invite('1001', { headers: { Via } });
  const invite = await phone.expect('INVITE');
  phone.answer(invite, 180);
  await call.rings();
  await line.wires[0]?.close();
  await eventually(() => gate.closedFlows.length === 1, 'the connection is gone');
  return { scene, gate, phone, pbx, invite, asked };
}

describe.concurrent('the connection of a PBX that calls dies while a phone rings', () => {
  test('the phone goes on ringing, and the answers find the PBX by its Via (§18.2.2)', async () => {
    const { scene, gate, phone, pbx, invite } = await ringsWhenLost({ host: 'pbx.invalid' });
    await using _ = scene;
    await phone.silence(100);
    phone.answer(invite, 183);
    phone.answer(invite, 200);
    const came = [await pbx.expect(183), await pbx.expect(200)];
    expect(came.map(({ list }) => list('Via').length)).toEqual([1, 1]);
    expect(new Set(came.map(({ from }) => `${from.transport} ${from.port}`)).size).toBe(1);
    expect(gate.calls()).toHaveLength(1);
    const [, ok] = came;
    pbx.request('ACK', contactOf(ok ?? invite), {
      to: { ...gate.listener('tcp', 'core'), transport: 'tcp' },
      headers: {
        From: ok?.header('From'),
        To: ok?.header('To'),
        'Call-ID': ok?.callId,
        CSeq: '1 ACK',
      },
    });
    await phone.expect('ACK');
    phone.answer(invite, 200); // it came too late
    await eventually(() => heard(pbx, 200).length === 2, 'the 200 again');
  });

  test('over TLS as well', async () => {
    const open = await openTransports({ listen: [{ transport: 'tls', address: '127.0.0.6' }] });
    const { scene, phone, invite } = await ringsWhenLost({
      transport: 'tls',
      host: '127.0.0.6',
      port: open.port('tls'),
    });
    await using _ = scene;
    phone.answer(invite, 486);
    await eventually(() => open.messages.length === 1, 'the answer');
    expect(open.messages[0]?.wire).toMatch(/^SIP\/2.0 486 /);
    await open.close();
  });

  test('when nobody is there the answers go to the host of the Via, which only the PBX may name', async () => {
    const elsewhere = { pbx: '127.0.0.1', host: 'localhost' };
    const { scene, phone, pbx, invite, asked } = await ringsWhenLost(elsewhere);
    await using _ = scene;
    phone.answer(invite, 200);
    expect((await pbx.expect(200)).list('Via')[0]).toContain('received=127.0.0.6');
    expect(asked).toEqual(['localhost']);
  });

  test('when nobody can be told that it still rings, it is cancelled: a trunk may not name a host', async () => {
    const elsewhere = { realm: 'trunk', pbx: '127.0.0.1', host: 'localhost' } as const;
    const { scene, phone, pbx, invite, asked } = await ringsWhenLost(elsewhere);
    await using _ = scene;
    phone.answer(invite, 183);
    await phone.expect('CANCEL');
    expect([asked, pbx.received]).toEqual([[], []]);
  });
});

test('before the called side said anything, the caller is gone: it is cancelled once it rings', async () => {
  await using scene = await aScene({ phone: { transport: 'tcp' } });
  const { phone, pbx } = scene;
  await phone.invite('1002');
  const invite = await pbx.expect('INVITE');
  await phone.wires[0]?.close();
  await pause(100);
  expect(heard(pbx, 'CANCEL')).toEqual([]);
  pbx.answer(invite, 180);
  await pbx.expect('CANCEL');
});

test('requests to one target share a connection', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  gate.forwards({ targets: [at(pbx, { transport: 'tcp' })] });
  const ports = new Set<number>();
  for (let count = 0; count < 5; count++) {
    const sent = phone.request('MESSAGE', `sip:${count}@x`);
    const arrived = await pbx.expect('MESSAGE');
    ports.add(arrived.from.port);
    pbx.answer(arrived, 200);
    await phone.finalAnswer(sent);
  }
  expect(ports.size).toBe(1);
});
