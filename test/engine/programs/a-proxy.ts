import type { Pbx } from '../../support/a-pbx.ts';
import {
  aProgramScene,
  type ProgramScene,
  type ProgramSceneOptions,
  type ProxyOptions,
  type RawProgram,
} from './raw-program.ts';

export interface Proxied {
  readonly scene: ProgramScene;
  readonly program: RawProgram;
  readonly a: Pbx;
  readonly b: Pbx;
}

export async function aProxy(options: ProgramSceneOptions = {}): Promise<Proxied> {
  const scene = await aProgramScene(options);
  scene.gate.forwards({ targets: [] });
  const b = await scene.anotherPbx();
  for (const node of [scene.pbx, b])
    node.always('CANCEL', (cancel) => void node.answer(cancel, 200));
  return { scene, program: scene.program, a: scene.pbx, b };
}

/** An INVITE that the program has proxied to both, or to those named. */
export async function calls(
  { scene, program, a, b }: Proxied,
  options: ProxyOptions = {},
  to: readonly string[] = [a.uri, b.uri],
) {
  const call = await scene.phone.invite('1002');
  const given = await program.gets('INVITE');
  return { call, id: program.proxy(given, to, options), given };
}

export const nowhere = 'sip:127.0.0.1:1;transport=tcp';
