import type { Pbx } from '../support/a-pbx.ts';
import { eventually } from '../support/eventually.ts';
import type { Received } from '../support/sip-party.ts';
import { aScene, at, heard, type Scene } from './scene.ts';

export interface Fork {
  readonly scene: Scene;
  readonly done: number[];
  readonly a: Pbx;
  readonly b: Pbx;
  readonly inviteA: Received;
  readonly inviteB: Received;
  readonly call: Awaited<ReturnType<Scene['phone']['invite']>>;
}

/** A call on its way to two places at once. */
export async function fork(): Promise<Fork> {
  const scene = await aScene();
  const { pbx: a, phone } = scene;
  const b = await scene.anotherPbx();
  const done: number[] = [];
  for (const node of [a, b]) node.always('CANCEL', (cancel) => void node.answer(cancel, 200));
  scene.gate.forwards({
    targets: [
      at(a, { requestUri: 'sip:a@example.test' }),
      at(b, { requestUri: 'sip:b@example.test' }),
    ],
    parallel: true,
    recordRoute: true,
    onDone: (status) => done.push(status),
  });
  const call = await phone.invite('1002');
  const [inviteA, inviteB] = await Promise.all([a.expect('INVITE'), b.expect('INVITE')]);
  return { scene, done, a, b, inviteA, inviteB, call };
}

/** Until it has its CANCEL. */
export const cancelled = (party: Pbx): Promise<void> =>
  eventually(() => heard(party, 'CANCEL').length === 1, 'the other branch is cancelled');
