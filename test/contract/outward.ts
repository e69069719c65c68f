import { expect } from 'vitest';
import type { Hiding } from '../../src/edge/signaling.ts';
import type { SipCall } from '../support/sip-call.ts';
import { newBranch, type Received } from '../support/sip-party.ts';
import { parameter } from '../support/sip-text.ts';
import { aScene, type Scene, type SceneOptions } from './scene.ts';

type Edge = 'udp' | 'tcp';

const nothing = (): void => {};

export const vias: Hiding = { vias: true, innerRoute: false, request: nothing, answer: nothing };

/** A gate that sends what the PBX begins to the phone, and hides so what comes from the PBX. */
export async function outward(
  hiding: Hiding,
  transport: Edge = 'udp',
  options: SceneOptions = {},
): Promise<Scene> {
  const scene = await aScene({
    phone: { transport },
    hides: (from) => (from === 'core' ? hiding : undefined),
    ...options,
  });
  const { gate, phone } = scene;
  phone.request('OPTIONS', 'sip:gate');
  const { flow } = await gate.request('OPTIONS');
  gate.forwards(({ request }) => ({
    targets: [{ nextHop: flow }],
    recordRoute: request.method === 'INVITE',
  }));
  return scene;
}

export const inner = ({ gate }: Scene) => gate.listener('udp', 'core');

export const below = [
  'SIP/2.0/TCP one.inside.test;branch=z9hG4bKa',
  'SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKb',
];

/** A call from the PBX, that has come a way already. */
export async function calling(scene: Scene): Promise<{ call: SipCall; invite: Received }> {
  const { pbx, phone } = scene;
  const top = `SIP/2.0/UDP 10.0.0.1:${pbx.port};branch=${newBranch()};rport`;
  const call = await pbx.invite('sip:1001@phone.test', {
    to: inner(scene),
    headers: { Via: [top, ...below] },
  });
  return { call, invite: await phone.expect('INVITE') };
}

/** The answer has every Via that the request had, as if none had been hidden. */
export function expectAllVias(
  answer: Received,
  { text }: { readonly text: string },
  scene: Scene,
): void {
  const [top = '', ...others] = answer.list('Via');
  expect(others).toEqual(below);
  expect(text).toContain(top.replace(/;received=.*/, '').replace(/;rport=\d+/, ';rport'));
  expect([parameter(top, 'received'), parameter(top, 'rport')]).toEqual([
    scene.pbx.address,
    String(scene.pbx.port),
  ]);
}
