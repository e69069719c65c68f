import { describe, expect, test } from 'vitest';
import type { Failure } from '../../src/edge/signaling.ts';
import { pause } from '../support/eventually.ts';
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
    second.answer(await second.expect('INVITE'), 200);
    await call.answered();
    expect(failed).toEqual(['unreachable']);
  });

  test('after its ringing was passed on: the call is refused, nobody else is tried', async () => {
    const { scene, pbx, second, call, invite, die } = await overTcp();
    await using _ = scene;
    pbx.answer(invite, 180);
    await call.rings();
    await die();
    expect((await call.final()).status).toBeGreaterThanOrEqual(500);
    expect(second.received).toEqual([]);
  });

  test('during a MESSAGE: it is refused at once', async () => {
    await using scene = await aScene();
    const { gate, phone, pbx } = scene;
    gate.forwards({ targets: [at(pbx, { transport: 'tcp' })] });
    const sent = phone.request('MESSAGE', 'sip:x');
    await pbx.expect('MESSAGE');
    await pbx.wires.find(({ transport }) => transport === 'tcp')?.close();
    expect((await phone.finalAnswer(sent)).status).toBeGreaterThanOrEqual(500);
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
  },
);

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
