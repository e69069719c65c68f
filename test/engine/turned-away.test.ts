import { describe, expect, test } from 'vitest';
import type { EngineServing } from '../../src/engine/create-engine.ts';
import type { Gate } from '../contract/gate.ts';
import { aScene, heard, requestText, speak } from '../contract/scene.ts';
import { eventually } from '../support/eventually.ts';

const kept = ({ serving }: Gate) => {
  const { transactions, ringing, timers } = (serving as EngineServing).counts();
  return { transactions, ringing, timers };
};
const nothing = { transactions: 0, ringing: 0, timers: 0 };
const invites = async ({ seen }: Gate, count: number) =>
  eventually(() => seen.length === count, `${count} INVITEs`);

describe('an INVITE that is turned away', () => {
  test.each(['udp', 'tcp'] as const)('over %s is forgotten at once', async (transport) => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone } = scene;
    gate.decide = (incoming) => incoming.turnAway(503, [{ name: 'Retry-After', value: '3' }]);
    const sent = requestText(phone, 'INVITE');
    speak(phone, sent);
    const answer = await phone.expect(503);
    expect(answer.header('Retry-After')).toBe('3');
    expect(kept(gate)).toEqual(nothing);
    // nobody acknowledged it, and it is not said again
    await phone.silence(700);
    speak(phone, sent);
    await invites(gate, 2);
    await eventually(() => heard(phone, 503).length === 2, 'the refusal once more');
    await phone.silence(100);
    const tags = heard(phone, 503).map(({ toTag }) => toTag);
    expect(tags).toEqual([answer.toTag, answer.toTag]);
    expect(kept(gate)).toEqual(nothing);
  });

  test('after 100 is told until it is acknowledged: who was told that asks no more', async () => {
    await using scene = await aScene();
    const { gate, phone } = scene;
    gate.decide = () => {};
    speak(phone, requestText(phone, 'INVITE'));
    await phone.expect(100);
    gate.seen[0]?.turnAway(503);
    await eventually(() => heard(phone, 503).length > 1, 'the refusal once more');
  });
});

test('what is dropped rings no more', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  gate.decide = (incoming) => incoming.drop();
  speak(phone, requestText(phone, 'INVITE'));
  await invites(gate, 1);
  expect(kept(gate)).toEqual(nothing);
});
