import { describe, expect, test } from 'vitest';
import { heard } from '../contract/scene.ts';
import { asksCallers, isRegistrar } from '../support/a-registrar.ts';
import { answerDigest } from '../support/digest-answer.ts';
import type { Received } from '../support/sip-party.ts';
import { aScene, type Scene } from './scene.ts';

const passwords = { 1001: 'secret' };
const invites = ({ pbx }: Scene) => heard(pbx, 'INVITE');
const made = ({ running }: Scene) =>
  running.edge.leases.ledger.callsWithin('extension:1001', 60, Date.now());
const live = ({ running }: Scene) => running.edge.leases.ledger.live('extension:1001');

/** A phone that is registered, at a PBX that asks callers for a password, which the gate knows by its last call. */
async function asking(called: (scene: Scene, invite: Received) => void = busy) {
  const scene = await aScene({ policy: { site: { rules: 'on' } } });
  isRegistrar(scene.pbx, { passwords });
  asksCallers(scene.pbx, passwords, (invite) => called(scene, invite));
  const phone = await scene.registered({ password: 'secret' });
  expect(await calls(phone)).toBe(486);
  return { scene, phone };
}
const busy = ({ pbx }: Scene, invite: Received) => void pbx.answer(invite, 486);
const calls = async (phone: Awaited<ReturnType<Scene['phone']>>) =>
  (await (await phone.invite('1002')).final()).status;

describe('a call over UDP with credentials that answer no challenge which went there (N12, O8)', () => {
  test('goes without them, is challenged as if they were stale, and made once that is answered', async () => {
    const { scene, phone } = await asking();
    await using _ = scene;
    const before = invites(scene).length;
    const Authorization = `Digest username="1001", realm="pbx", nonce="old", uri="sip:1002@127.0.0.1", response="${'0'.repeat(32)}", opaque="never-sent"`;
    const call = await phone.invite('1002', { headers: { Authorization } });
    expect((await call.final()).status).toBe(486);
    const [first, second] = invites(scene).slice(before);
    expect(first?.header('Authorization')).toBeUndefined();
    expect(second?.header('Authorization')).toContain('username="1001"');
  });

  test('rings nowhere though the password is right: no limit would hold it', async () => {
    const { scene, phone } = await asking();
    await using _ = scene;
    const options = { authenticates: false };
    const asked = await (await phone.invite('1002', options)).final();
    const challenge = (asked.header('WWW-Authenticate') ?? '').replace(/, opaque="[^"]*"/, '');
    const request = { method: 'INVITE', uri: 'sip:1002@127.0.0.1' };
    const Authorization = answerDigest(challenge, request, { user: '1001', password: 'secret' });
    const headers = { Authorization };
    const answer = await (await phone.invite('1002', { ...options, headers })).final();
    expect(answer.status).toBe(401);
    expect(answer.header('WWW-Authenticate')).toMatch(/stale=true/);
  });
});

describe('a call over UDP that brings none, where the PBX asks for them', () => {
  test.each([420, 404, 488, 603])(
    'and is refused with %i all the same is nobody’s: it takes nothing from how often the phone may call (O7)',
    async (status) => {
      const { scene, phone } = await asking();
      await using _ = scene;
      const before = made(scene);
      const { pbx } = scene;
      pbx.always('INVITE', (invite) => pbx.answer(invite, status));
      for (let call = 0; call < 8; call++) expect(await calls(phone)).toBe(status);
      expect(made(scene)).toBe(before);
      asksCallers(pbx, passwords, (invite) => busy(scene, invite));
      expect(await calls(phone)).toBe(486);
    },
  );

  test('and rings has its places from then on, until it is over', async () => {
    const { scene, phone } = await asking();
    await using _ = scene;
    const { pbx } = scene;
    const before = made(scene);
    pbx.always('INVITE', (invite) => pbx.answer(invite, 180));
    const call = await phone.invite('1002');
    await call.rings();
    expect([made(scene), live(scene)]).toEqual([before + 1, 1]);
    const invite = invites(scene).at(-1);
    if (invite === undefined) throw new Error('no INVITE');
    pbx.answer(invite, 486);
    await call.final();
    expect([made(scene), live(scene)]).toEqual([before + 1, 0]);
  });
});
