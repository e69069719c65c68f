import type { Failure } from '../../src/edge/signaling.ts';
import { aScene, at, type SceneOptions } from './scene.ts';

/** A phone, a PBX, and what the gate's edge is told of that PBX's silence. */
export async function waiting(options: SceneOptions = {}) {
  const scene = await aScene(options);
  const failed: Failure[] = [];
  const done: number[] = [];
  scene.gate.forwards({
    targets: [at(scene.pbx)],
    recordRoute: true,
    onTargetFailed: (_target, failure) => failed.push(failure),
    onDone: (status) => done.push(status),
  });
  return { scene, failed, done, phone: scene.phone, pbx: scene.pbx };
}
