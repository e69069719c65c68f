import type { Failure, Forwarding, Target } from '../../src/edge/signaling.ts';
import { aScene, at } from './scene.ts';

/** A phone, and two PBX nodes of which the second is tried when the first will not do. */
export async function twoNodes(plan: Partial<Forwarding> = {}, first?: Target) {
  const scene = await aScene();
  const second = await scene.anotherPbx();
  const failed: (readonly [Target, Failure])[] = [];
  const done: number[] = [];
  const targets = [first ?? at(scene.pbx), at(second)] as const;
  scene.gate.forwards({
    targets,
    tryNextAfterMs: 800,
    onTargetFailed: (target, failure) => failed.push([target, failure]),
    onDone: (status) => done.push(status),
    ...plan,
  });
  return { scene, targets, failed, done, phone: scene.phone, first: scene.pbx, second };
}
