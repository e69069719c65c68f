import { describe, expect, test } from 'vitest';
import type { Transport } from '../../src/edge/signaling.ts';
import { heard } from '../contract/scene.ts';
import type { Phone } from '../support/a-phone.ts';
import { contactOf, type Received } from '../support/sip-party.ts';
import { uriOf } from '../support/sip-text.ts';
import { aScene, type Scene, type SceneOptions, statusOf } from './scene.ts';

/** A PBX that is reached over TLS, at an address of its own, so that phones over TLS are not taken for it. */
const secure: SceneOptions = {
  nodes: [{ tls: true, address: '127.0.0.8' }],
  transports: ['udp', 'tcp', 'tls', 'wss'],
};
const inTheClear: SceneOptions = { transports: ['udp', 'tcp', 'tls', 'wss'] };

const contact = '<sips:1001@10.0.0.9:5061>';
const aor = (scene: Scene) => `sips:1001@${scene.place().address}`;

/** It registers as `sips:`, in every URI that matters (RFC 5630 §5.1.1.1). */
async function secured(scene: Scene, transport: Transport = 'tls'): Promise<Phone> {
  const phone = await scene.phone({ transport });
  const sent = phone.request('REGISTER', `sips:${scene.place().address}`, {
    headers: {
      From: `<${aor(scene)}>;tag=r`,
      To: `<${aor(scene)}>`,
      Contact: contact,
      Expires: '300',
    },
  });
  expect((await phone.finalAnswer(sent)).list('Contact')[0]).toBe(`${contact};expires=300`);
  return phone;
}

const refusal = ({ status, startLine, header }: Received) => [
  status,
  startLine.slice(12),
  header('Warning'),
];
const notAllowed = [480, 'SIPS Not Allowed', '380 gate "SIPS Not Allowed"'];
const routes = (message: Received) =>
  message.list('Record-Route').map((route) => uriOf(route).replace(/:[^:]*@.*:(\d+)/, ':…@…:$1'));

describe('what asks for sips over a way that is not secure is refused', () => {
  test.each(['udp', 'tcp', 'ws'] as const)('from a phone over %s', async (transport) => {
    await using scene = await aScene({ transports: ['udp', 'tcp', 'ws'] });
    const phone = await scene.phone({ transport });
    for (const method of ['INVITE', 'REGISTER', 'MESSAGE']) {
      const answer = await phone.finalAnswer(phone.request(method, 'sips:1002@127.0.0.1'));
      expect(refusal(answer), method).toEqual(notAllowed);
      expect(heard(scene.pbx, method)).toEqual([]);
    }
    scene.pbx.always('MESSAGE', (message) => scene.pbx.answer(message, 200));
    expect(await statusOf(phone, 'MESSAGE', 'sip:1002@127.0.0.1')).toBe(200);
  });

  test('toward a carrier that is not reached over TLS', async () => {
    await using scene = await aScene({ carriers: 1 });
    const carrier = scene.carrier();
    const call = await scene.call(`sips:+4930@${carrier.address}:${carrier.port}`);
    expect(refusal(await call.final())).toEqual(notAllowed);
    await carrier.silence(30);
  });

  test.each([
    ['over UDP', 'udp', contact],
    ['as sip over TLS', 'tls', '<sip:1001@10.0.0.9:5061;transport=tls>'],
  ] as const)('toward a phone that registered %s', async (_how, transport, given) => {
    await using scene = await aScene(inTheClear);
    const phone = await scene.phone({ transport });
    await phone.register({ contact: given });
    const call = await scene.call(scene.contact().replace('sip:', 'sips:'));
    expect(refusal(await call.final())).toEqual(notAllowed);
    await phone.silence(30);
    await scene.reaches(phone);
  });
});

test('a phone that registered as sips is reached as sip too, over its TLS, when that is asked for', async () => {
  await using scene = await aScene(inTheClear);
  const phone = await secured(scene);
  expect(scene.contact()).toMatch(/^sip:1001@[\d.:]+;flow=/);
  const invite = await scene.reaches(phone);
  expect([invite.uri, invite.from.transport]).toEqual(['sip:1001@10.0.0.9:5061', 'tls']);
  expect(routes(invite)[0]).toMatch(/^sip:/);
});

describe.each(['tls', 'wss'] as const)('a phone over %s calls by sips', (transport) => {
  const parameter = transport === 'wss' ? ';transport=ws' : '';

  async function calls(scene: Scene) {
    const { pbx } = scene;
    const phone = await secured(scene, transport);
    const from = { From: `<${aor(scene)}>;tag=c`, Contact: contact };
    const caller = await phone.invite('sips:1002@127.0.0.1', { headers: from });
    const invite = await pbx.expect('INVITE');
    return { phone, pbx, caller, invite, outer: scene.place(transport).port };
  }

  test('a PBX in the clear is asked by sip and reaches it all the same; the phone sees sips', async () => {
    await using scene = await aScene(inTheClear);
    const { phone, pbx, caller, invite, outer } = await calls(scene);
    expect([invite.uri, contactOf(invite)]).toEqual([
      'sip:1002@127.0.0.1',
      'sip:1001@10.0.0.9:5061',
    ]);
    expect(invite.header('From')).toBe(`<${aor(scene)}>;tag=c`);
    expect(routes(invite)).toEqual([
      expect.stringMatching(`^sip:127.0.0.1:${scene.place('udp').port};lr$`),
      `sips:…@…:${outer}${parameter};lr`,
    ]);
    const accepting = pbx.accept(invite);
    const ok = await caller.answered();
    const called = await accepting;
    expect(routes(ok)).toContain(`sips:…@…:${outer}${parameter};lr`);
    expect(contactOf(ok)).toMatch(`sips:pbx@127.0.0.1:${outer}${parameter};hop=`);
    expect(heard(pbx, 'ACK')[0]?.uri).toBe(uriOf(pbx.contact));

    const again = called.ask('INVITE');
    const inside = await phone.expect('INVITE');
    expect(inside.uri).toBe(uriOf(contact));
    phone.answer(inside, 200, { headers: { Contact: contact } });
    expect(contactOf(await again)).toBe('sip:1001@10.0.0.9:5061');
    const bye = caller.ask('BYE');
    const arrived = await pbx.expect('BYE');
    expect(arrived.uri).toBe(uriOf(pbx.contact));
    pbx.answer(arrived, 200);
    expect((await bye).status).toBe(200);
  });

  test('a PBX over TLS is asked by sips, and all of it stays sips', async () => {
    await using scene = await aScene(secure);
    const { pbx, caller, invite, outer } = await calls(scene);
    expect([invite.uri, contactOf(invite)]).toEqual(['sips:1002@127.0.0.1', uriOf(contact)]);
    expect(routes(invite)).toEqual(
      transport === 'tls'
        ? [`sips:…@…:${outer};lr`]
        : [
            expect.stringMatching(`^sips:[\\d.]+:${scene.place('tls').port};lr$`),
            `sips:…@…:${outer};transport=ws;lr`,
          ],
    );
    const own = pbx.secureUri.replace('sip:', 'sips:pbx@').replace(/;.*/, '');
    pbx.answer(invite, 200, { headers: { Contact: `<${own}>` } });
    const ok = await caller.answered();
    expect(contactOf(ok)).toMatch(`sips:pbx@127.0.0.1:${outer}${parameter};hop=`);
    expect((await pbx.expect('ACK')).uri).toBe(own);
  });
});

test('in a sips call a phone that came back is reached over TLS again, and not in the clear', async () => {
  await using scene = await aScene(inTheClear);
  const { pbx } = scene;
  const phone = await secured(scene);
  const caller = await phone.invite('sips:1002@127.0.0.1', { headers: { Contact: contact } });
  const accepting = pbx.accept(await pbx.expect('INVITE'));
  await caller.answered();
  const called = await accepting;
  await phone.close();
  const inClear = await scene.phone();
  await inClear.register({ contact });
  expect((await called.ask('INFO')).status).toBe(430);
  expect(heard(inClear, 'INFO')).toEqual([]);
  const back = await secured(scene);
  const info = called.ask('INFO');
  back.answer(await back.expect('INFO'), 200);
  expect((await info).status).toBe(200);
});

test('a PBX over TLS is given a sips Contact, and calls the phone by it', async () => {
  await using scene = await aScene(secure);
  const phone = await secured(scene);
  const { address, port } = scene.place('tls');
  expect(scene.contact()).toMatch(new RegExp(`^sips:1001@${address}:${port};flow=[\\w-]+$`));
  const invite = await scene.reaches(phone, scene.contact(), { to: scene.place('tls') });
  expect(invite.uri).toBe(uriOf(contact));
  expect(routes(invite)).toEqual([`sips:…@…:${port};lr`]);
});
