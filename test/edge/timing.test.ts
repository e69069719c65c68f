import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Phone } from '../support/a-phone.ts';
import { isRegistrar } from '../support/a-registrar.ts';
import { aScene, type Scene, type SceneOptions } from './scene.ts';

/**
 * R7, N10: what a stranger can learn with a stopwatch of which extensions there are. Tries at one that the PBX has and at
 * one that it has not take turns, so that whatever else the machine does befalls both; what is compared is how often one of the
 * first took longer than one of the second. By chance that is half of all pairs, give or take 2.6 % (standard error for 250
 * of each); a test of five times that fails by chance once in a million.
 *
 * It says that the gate adds nothing by which they can be told apart. How long the PBX itself takes goes through: where it
 * answers 404 sooner than it challenges, that can be measured, as the last test shows. Asterisk takes as long for either.
 */
const TRIES = 250;
const BY_CHANCE = 0.13;

/** The rules as they ship, but for those that end so many tries. */
const patient: NonNullable<SceneOptions['policy']> = {
  site: { rules: 'on' },
  network: { allowed: [], ...{ 'request-rates': { mode: 'off' } } },
  registration: {
    'pbx-pace': { mode: 'off' },
    lockout: { mode: 'off' },
    'distributed-guessing': { mode: 'off' },
  },
};

async function took(phone: Phone, authenticates: boolean): Promise<number> {
  const began = performance.now();
  const { status, at } = await phone.tryToRegister({ authenticates });
  expect(status).toBe(401);
  return at - began;
}

/** Of all pairs, how many took longer at the extension that exists: 0.5 where it makes no difference. */
async function longerAtKnown(scene: Scene, authenticates: boolean): Promise<number> {
  const known = await scene.phone({ user: '1001', password: 'wrong' });
  const unknown = await scene.phone({ user: '9999', password: 'wrong' });
  const times: { readonly [Which in 'known' | 'unknown']: number[] } = { known: [], unknown: [] };
  for (let warm = 0; warm < 20; warm++)
    for (const phone of [known, unknown]) await took(phone, authenticates);
  for (let tries = 0; tries < TRIES; tries++) {
    // who comes first is no difference either
    const both = [
      ['known', known],
      ['unknown', unknown],
    ] as const;
    for (const [which, phone] of tries % 2 === 0 ? both : both.toReversed())
      times[which].push(await took(phone, authenticates));
  }
  let longer = 0;
  for (const one of times.known)
    for (const other of times.unknown) longer += one > other ? 1 : one === other ? 0.5 : 0;
  return longer / TRIES ** 2;
}

async function inFrontOfAPbx(unknown: 404 | undefined): Promise<Scene> {
  const scene = await aScene({ policy: patient });
  isRegistrar(scene.pbx, { passwords: { 1001: 'right' }, ...(unknown && { unknown }) });
  return scene;
}

describe('an extension that exists and one that does not cannot be told apart by time', () => {
  test.each([
    ['asked without credentials', false],
    ['tried with a wrong password', true],
  ])('%s, where the PBX says 404 of it', async (_how, authenticates) => {
    await using scene = await inFrontOfAPbx(404);
    const longer = await longerAtKnown(scene, authenticates);
    expect(Math.abs(longer - 0.5)).toBeLessThan(BY_CHANCE);
  });

  test('but by the time that the PBX takes: this test can tell', async () => {
    await using scene = await inFrontOfAPbx(404);
    const { pbx } = scene;
    pbx.always('REGISTER', (request) => {
      const known = /sip:1001@/.test(request.header('To') ?? '');
      const challenge = { 'WWW-Authenticate': 'Digest realm="pbx", nonce="n"' };
      const answer = () =>
        known ? pbx.answer(request, 401, { headers: challenge }) : pbx.answer(request, 404);
      if (known) void sleep(3).then(answer);
      else answer();
    });
    expect(await longerAtKnown(scene, false)).toBeGreaterThan(0.5 + BY_CHANCE);
  });
});
