import { describe, expect, test } from 'vitest';
import { cancelled, fork } from '../contract/fork.ts';
import { aScene, heard } from '../contract/scene.ts';
import { eventually, pause } from '../support/eventually.ts';

const MOST_FORKS = 32;

describe.concurrent('a forked call', () => {
  test('reaches every target at once, each in a branch of its own', async () => {
    const { scene, inviteA, inviteB } = await fork();
    await using _ = scene;
    expect([inviteA.uri, inviteB.uri]).toEqual(['sip:a@example.test', 'sip:b@example.test']);
    expect(inviteA.branch).not.toBe(inviteB.branch);
    expect(inviteA.callId).toBe(inviteB.callId);
  });

  test('lets the caller hear the ringing of every branch', async () => {
    const { scene, a, b, inviteA, inviteB } = await fork();
    await using _ = scene;
    a.answer(inviteA, 180);
    b.answer(inviteB, 183);
    expect((await scene.phone.expect(180)).toTag).toBe(a.tagFor(inviteA.callId));
    expect((await scene.phone.expect(183)).toTag).toBe(b.tagFor(inviteB.callId));
  });

  test('is connected by the first 200, at once, and the other branch is cancelled', async () => {
    const { scene, a, b, inviteA, inviteB, call, done } = await fork();
    await using _ = scene;
    b.answer(inviteB, 180);
    await call.rings();
    a.answer(inviteA, 200);
    expect((await call.final()).toTag).toBe(a.tagFor(inviteA.callId));
    await cancelled(b);
    expect(heard(b, 'CANCEL')[0]?.branch).toBe(inviteB.branch);
    b.answer(inviteB, 487);
    await b.expect('ACK');
    await a.expect('ACK');
    await scene.phone.silence(100);
    expect(done).toEqual([200]);
  });

  test('passes on a second 200 that crossed the CANCEL; each is acknowledged end to end (§16.7 step 5)', async () => {
    const { scene, a, b, inviteA, inviteB, call } = await fork();
    await using _ = scene;
    a.answer(inviteA, 200);
    await call.final();
    b.answer(inviteB, 200);
    const other = await scene.phone.expect(200, { of: 'INVITE' });
    expect(other.toTag).toBe(b.tagFor(inviteB.callId));
    call.establish(other);
    call.acknowledge();
    expect((await a.expect('ACK')).toTag).toBe(a.tagFor(inviteA.callId));
    expect((await b.expect('ACK')).toTag).toBe(b.tagFor(inviteB.callId));
    expect(scene.gate.started).toHaveLength(2);
  });

  test('answered twice is two calls: the end of one is not the end of the other', async () => {
    const { scene, a, b, inviteA, inviteB, call } = await fork();
    await using _ = scene;
    const { gate, phone } = scene;
    a.answer(inviteA, 200);
    await call.final();
    b.answer(inviteB, 200);
    call.establish(await phone.expect(200, { of: 'INVITE' }));
    call.acknowledge();
    const bye = call.bye();
    b.answer(await b.expect('BYE'), 200);
    await bye;
    expect(gate.ended.map(({ call: { to } }) => to.includes(b.tagFor(inviteB.callId)))).toEqual([
      true,
    ]);
    expect(gate.calls().map(({ to }) => to.includes(a.tagFor(inviteA.callId)))).toEqual([true]);
  });
});

test('a party that answers in ever new tags is no more calls than a few: the table is not its to fill', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const answersIn = (kind: string) => {
    for (let tag = 0; tag < 50; tag++) pbx.answer(invite, 200, { toTag: `${kind}-${tag}` });
  };
  const heardTags = () =>
    new Set(phone.received.filter(({ status }) => status === 200).map(({ toTag }) => toTag));
  const call = await phone.invite('1002');
  const invite = await pbx.expect('INVITE');
  answersIn('early');
  await eventually(() => heardTags().size === MOST_FORKS, 'as many as there may be');
  const first = await call.final();
  expect(first.toTag).toBe('early-0');
  expect(gate.calls()).toHaveLength(MOST_FORKS);
  call.establish(first);
  call.acknowledge();
  await pbx.expect('ACK');
  answersIn('late');
  await pause(100);
  expect(gate.calls()).toHaveLength(MOST_FORKS);
  expect(heardTags().size).toBe(MOST_FORKS);
});
