import { describe, expect, test } from 'vitest';
import type { Phone } from '../support/a-phone.ts';
import { asksCallers, isRegistrar } from '../support/a-registrar.ts';
import { answerDigest } from '../support/digest-answer.ts';
import type { Received } from '../support/sip-party.ts';
import { aScene, type Scene } from './scene.ts';

const passwords = { 1001: 'right', 1002: 'other' };

/** A PBX whose nonces are soon old, and which does not say that they are, as Kamailio does not unless it is told to. */
async function scened(): Promise<Scene> {
  const scene = await aScene({ policy: { site: { rules: 'on' } } });
  isRegistrar(scene.pbx, { passwords, noncesOnce: true });
  return scene;
}

/** By which it is known for the same device after it was unplugged. */
const model = { 'User-Agent': 'Yealink SIP-T46U' };
const challengeIn = (answer: Received) => answer.header('WWW-Authenticate') ?? '';
const isStale = (answer: Received) => /stale=true/.test(challengeIn(answer));
const failures = ({ events }: Scene) => events.filter((event) => event.startsWith('failed'));

/** Registers with an answer to this challenge, whatever has become of it. */
function answers(phone: Phone, challenge: string, password = 'right', user = '1001') {
  const request = { method: 'REGISTER', uri: 'sip:127.0.0.1' };
  const Authorization = answerDigest(challenge, request, { user, password });
  return phone.tryToRegister({ authenticates: false, headers: { Authorization, ...model } });
}

/** Registers as phones do that begin with the challenge that they answered last. */
async function registers(phone: Phone, known: string) {
  const first = await answers(phone, known);
  if (first.status === 200) return { challenge: known, stale: false };
  const challenge = challengeIn(first);
  expect((await answers(phone, challenge)).status).toBe(200);
  return { challenge, stale: isStale(first) };
}

describe('a phone that begins with the nonce it registered by, which is too old for the PBX (R6)', () => {
  test.each(['udp', 'tcp'] as const)(
    'over %s answers the next one by itself, has failed at nothing, and gets in after it has started anew',
    async (transport) => {
      await using scene = await scened();
      const phone = await scene.phone({ transport });
      let challenge = challengeIn(await phone.tryToRegister());
      for (let time = 0; time < 15; time++) {
        const now = await registers(phone, challenge);
        expect(now.stale).toBe(time > 0);
        challenge = now.challenge;
      }
      expect(failures(scene)).toEqual([]);
      const anew = await scene.phone({ transport, password: 'right' });
      expect((await anew.tryToRegister({ headers: model })).status).toBe(200);
    },
  );

  test('is forgiven once for each: what comes with it then is a guess', async () => {
    await using scene = await scened();
    const phone = await scene.phone();
    const { challenge } = await registers(phone, challengeIn(await phone.tryToRegister()));
    expect(isStale(await answers(phone, challenge, 'wrong'))).toBe(true);
    expect(failures(scene)).toEqual([]);
    expect(isStale(await answers(phone, challenge, 'wrong'))).toBe(false);
    expect(failures(scene)).toEqual(['failed 1001 password-wrong']);
  });

  test('vouches for no other extension', async () => {
    await using scene = await scened();
    const phone = await scene.phone();
    const { challenge } = await registers(phone, challengeIn(await phone.tryToRegister()));
    const other = await scene.phone({ user: '1002' });
    expect(isStale(await answers(other, challenge, 'guess', '1002'))).toBe(false);
    expect(failures(scene)).toEqual(['failed 1002 password-wrong']);
  });

  test('calls with it, and has failed at nothing either', async () => {
    await using scene = await scened();
    asksCallers(scene.pbx, passwords, (invite) => scene.pbx.answer(invite, 486));
    const phone = await scene.phone();
    const { challenge } = await registers(phone, challengeIn(await phone.tryToRegister()));
    const calls = async (known: string) => {
      const request = { method: 'INVITE', uri: 'sip:1002@127.0.0.1' };
      const Authorization = answerDigest(known, request, { user: '1001', password: 'right' });
      const options = { authenticates: false, headers: { Authorization } };
      return (await phone.invite('1002', options)).final();
    };
    const first = await calls(challenge);
    expect([first.status, isStale(first)]).toEqual([401, true]);
    expect((await calls(challengeIn(first))).status).toBe(486);
    expect(failures(scene)).toEqual([]);
  });

  test('whose password was changed is told so at once', async () => {
    await using scene = await scened();
    const phone = await scene.phone();
    const { challenge } = await registers(phone, challengeIn(await phone.tryToRegister()));
    const old = await answers(phone, challenge, 'before');
    const fresh = await answers(phone, challengeIn(old), 'before');
    expect([isStale(old), isStale(fresh)]).toEqual([true, false]);
    expect(failures(scene)).toEqual(['failed 1001 password-wrong']);
  });
});
