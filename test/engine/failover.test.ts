import { describe, expect, test } from 'vitest';
import type { Failure, Forwarding, Target } from '../../src/edge/signaling.ts';
import { aScene, at } from '../contract/scene.ts';

/** A phone, and two PBX nodes of which the second is tried when the first will not do. */
async function twoNodes(plan: Partial<Forwarding> = {}, first?: Target) {
  const scene = await aScene();
  const second = await scene.anotherPbx();
  const failed: (readonly [Target, Failure])[] = [];
  const done: number[] = [];
  const targets = [first ?? at(scene.pbx), at(second)] as const;
  scene.gate.forwards({
    targets,
    tryNextAfterMs: 300,
    onTargetFailed: (target, failure) => failed.push([target, failure]),
    onDone: (status) => done.push(status),
    ...plan,
  });
  return { scene, targets, failed, done, phone: scene.phone, first: scene.pbx, second };
}

describe.concurrent('an INVITE', () => {
  test('that a slow target answers after all, while the next one rings, is answered', async () => {
    const { scene, phone, first, second } = await twoNodes();
    await using _ = scene;
    const call = await phone.invite('1002');
    const slow = await first.expect('INVITE');
    second.answer(await second.expect('INVITE'), 180);
    await call.rings();
    first.answer(slow, 200);
    expect((await call.final()).toTag).toBe(first.tagFor(slow.callId));
    await second.expect('CANCEL');
  });
});
