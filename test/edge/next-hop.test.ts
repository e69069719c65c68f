import { describe, expect, test } from 'vitest';
import { heard } from '../contract/scene.ts';
import { aScene, last, type Scene, statusOf } from './scene.ts';

/** As carriers and other SBCs ask whether we are there. */
const noHops = { headers: { 'Max-Forwards': '0' } };
const rules = { site: { rules: 'on' as const } };

const asked = (scene: Scene) => heard(scene.pbx, 'OPTIONS');

describe('OPTIONS with no hop left are for us, whomever they name (RFC 3261 §11.1)', () => {
  test.each(['', 'ping@', '+4930123@'])('from a carrier, to %jthe gate', async (user) => {
    await using scene = await aScene({ carriers: 1, policy: rules });
    const carrier = scene.carrier();
    const { address, port } = scene.place();
    const uri = `sip:${user}${address}:${port}`;
    const sent = carrier.request('OPTIONS', uri, { to: scene.place(), ...noHops });
    const answer = await carrier.finalAnswer(sent);
    expect([answer.status, answer.header('Accept')]).toEqual([200, 'application/sdp']);
    expect(asked(scene).filter(({ uri: to }) => to === uri)).toEqual([]);
  });

  test('from a registered phone, and not from a stranger', async () => {
    await using scene = await aScene({ policy: rules });
    const phone = await scene.registered();
    expect(await statusOf(phone, 'OPTIONS', 'sip:1002@example.com', noHops)).toBe(200);
    const stranger = await scene.phone({ address: '127.0.3.9' });
    stranger.request('OPTIONS', 'sip:1002@example.com', noHops);
    await stranger.silence(100);
    expect(asked(scene).some(({ uri }) => uri?.includes('1002') === true)).toBe(false);
  });

  test('and hear when we take no calls', async () => {
    await using scene = await aScene();
    const phone = await scene.registered();
    scene.running.drain();
    expect(await statusOf(phone, 'OPTIONS', 'sip:1002@example.com', noHops)).toBe(503);
  });

  test('anything else goes nowhere', async () => {
    await using scene = await aScene();
    const phone = await scene.registered();
    expect(await statusOf(phone, 'MESSAGE', 'sip:1002@example.com', noHops)).toBe(483);
    expect(() => last(scene.pbx, 'MESSAGE')).toThrow();
  });
});
