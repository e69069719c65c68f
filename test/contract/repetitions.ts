import { expect } from 'vitest';
import type { Received } from '../support/sip-party.ts';
import { readSip } from '../support/sip-text.ts';
import { aScene, requestText, type SceneOptions, speak } from './scene.ts';

/** How long after the one before it each came, in milliseconds. */
export const gaps = (messages: readonly Received[]): readonly number[] =>
  messages.slice(1).map(({ at: time }, index) => time - (messages[index]?.at ?? 0));

/** T1 doubling; a busy machine may be late, but not by as much as the next gap is longer. */
export function expectDoubling(messages: readonly Received[]): void {
  for (const [index, gap] of gaps(messages).entries()) {
    expect(gap).toBeGreaterThan(500 * 2 ** index * 0.9);
    expect(gap).toBeLessThan(500 * 2 ** index * 1.8);
  }
}

/** An INVITE that the PBX has refused, whose caller acknowledges nothing. */
export async function refusedInvite(transport: 'udp' | 'tcp', options: SceneOptions = {}) {
  const scene = await aScene({ phone: { transport }, ...options });
  const { phone, pbx } = scene;
  const sent = requestText(phone, 'INVITE');
  speak(phone, sent);
  const invite = await pbx.expect('INVITE');
  pbx.answer(invite, 486);
  const refusal = await phone.expect(486);
  return { scene, phone, pbx, sent: readSip(sent), invite, refusal };
}
