import { describe, expect, test } from 'vitest';
import type { Hiding } from '../../src/edge/signaling.ts';
import { newBranch } from '../support/sip-party.ts';
import { uriOf } from '../support/sip-text.ts';
import { below, calling, expectAllVias, inner, outward, vias } from './outward.ts';
import { aScene, heard, type Scene, type SceneOptions } from './scene.ts';

describe.each(['udp', 'tcp'] as const)(
  'toward a phone over %s the Vias of the PBX',
  (transport) => {
    test('stay here, and are put back into every answer', async () => {
      await using scene = await outward(vias, transport);
      const { phone, pbx, gate } = scene;
      const { call, invite } = await calling(scene);
      expect(invite.list('Via')).toEqual([
        expect.stringContaining(`:${gate.listener(transport).port};branch=${invite.branch}`),
      ]);
      for (const status of [180, 183, 200]) phone.answer(invite, status);
      for (const status of [180, 183, 200])
        expectAllVias(await pbx.expect(status), call.invite, scene);
    });

    test('stay here with any method and any outcome', async () => {
      await using scene = await outward(vias, transport);
      const { phone, pbx } = scene;
      for (const [method, status] of [
        ['INVITE', 486],
        ['MESSAGE', 200],
        ['NOTIFY', 481],
      ] as const) {
        const top = `SIP/2.0/UDP 10.0.0.1:${pbx.port};branch=${newBranch()};rport`;
        const sent = pbx.request(method, 'sip:1001@phone.test', {
          to: inner(scene),
          headers: { Via: `${top}, ${below.join(', ')}` },
        });
        const arrived = await phone.expect(method);
        expect(arrived.list('Via')).toHaveLength(1);
        phone.answer(arrived, status);
        expectAllVias(await pbx.finalAnswer(sent), sent, scene);
      }
    });

    test('stay here in the ACK to a 200, which has no answer, and in the CANCEL', async () => {
      await using scene = await outward(vias, transport);
      const { phone, pbx } = scene;
      const { call, invite } = await calling(scene);
      phone.answer(invite, 200);
      call.establish(await pbx.expect(200));
      call.acknowledge({
        headers: { Via: [`SIP/2.0/UDP 10.0.0.1;branch=${newBranch()}`, ...below] },
      });
      expect((await phone.expect('ACK')).list('Via')).toHaveLength(1);

      const again = await calling(scene);
      phone.answer(again.invite, 180);
      await again.call.rings();
      again.call.cancel();
      const cancel = await phone.expect('CANCEL');
      expect(cancel.list('Via')).toEqual(again.invite.list('Via'));
      phone.answer(cancel, 200);
      phone.answer(again.invite, 487);
      expectAllVias(await again.call.final(), again.call.invite, scene);
    });
  },
);

test('Vias that a phone adds to its answer are nobody’s', async () => {
  await using scene = await outward(vias);
  const { phone } = scene;
  const { call, invite } = await calling(scene);
  const Via = [...invite.headers('Via'), 'SIP/2.0/UDP evil.test;branch=z9hG4bKc'];
  phone.answer(invite, 486, { headers: { Via } });
  expectAllVias(await call.final(), call.invite, scene);
});

describe('edits', () => {
  const marks: Hiding = {
    vias: false,
    innerRoute: false,
    request: ({ method }, rewrite, own) => rewrite.append('X-Seen', `${method} ${own}`),
    answer: ({ status }, rewrite, own) => rewrite.append('X-Seen', `${status} ${own}`),
  };

  test('are made in each request and answer, with the name that whoever gets it has for us', async () => {
    await using scene = await outward(marks, 'tcp');
    const { gate, phone, pbx } = scene;
    const names = {
      phone: `127.0.0.1:${gate.listener('tcp').port};transport=tcp`,
      pbx: `127.0.0.1:${inner(scene).port}`,
    };
    const { call, invite } = await calling(scene);
    expect(invite.headers('X-Seen')).toEqual([`INVITE ${names.phone}`]);
    phone.answer(invite, 180);
    expect((await call.rings()).headers('X-Seen')).toEqual([`180 ${names.pbx}`]);
    const accepting = phone.accept(invite);
    expect((await call.answered()).headers('X-Seen')).toEqual([`200 ${names.pbx}`]);
    const called = await accepting;
    expect(heard(phone, 'ACK')[0]?.headers('X-Seen')).toEqual([`ACK ${names.phone}`]);

    const info = call.ask('INFO');
    const arrived = await phone.expect('INFO');
    expect(arrived.headers('X-Seen')).toEqual([`INFO ${names.phone}`]);
    phone.answer(arrived, 200);
    expect((await info).headers('X-Seen')).toEqual([`200 ${names.pbx}`]);

    const bye = called.ask('BYE');
    pbx.answer(await pbx.expect('BYE'), 200);
    expect([heard(pbx, 'BYE')[0]?.header('X-Seen'), (await bye).header('X-Seen')]).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe('a URI of ours that stands for another', () => {
  /** What a phone was told in place of the PBX's Contact; `behind` knows. */
  const disguise = (scene: Scene, user = 'pbx') =>
    `sip:${user}@127.0.0.1:${scene.gate.listener('udp').port};is=pbx`;

  async function disguised(options: SceneOptions = {}) {
    let real = '';
    const scene = await aScene({
      behind: (uri) => (uri.endsWith(';is=pbx') ? real : undefined),
      ...options,
    });
    real = uriOf(scene.pbx.contact);
    return { scene, real };
  }

  test('is followed in a call, by every request and by the ACK', async () => {
    const { scene, real } = await disguised();
    await using _ = scene;
    const { phone, pbx } = scene;
    const caller = await phone.invite('1002');
    const invite = await pbx.expect('INVITE');
    const accepting = pbx.accept(invite, { headers: { Contact: `<${real}>` } });
    const ok = await phone.expect(200);
    caller.establish(ok);
    const { From, To, Route, id } = {
      From: caller.invite.header('From'),
      To: ok.header('To'),
      Route: caller.routes,
      id: caller.callId,
    };
    const ask = (method: string, uri: string, cseq: number) =>
      phone.request(method, uri, {
        headers: { From, To, Route, 'Call-ID': id, CSeq: `${cseq} ${method}` },
      });
    ask('ACK', disguise(scene), caller.invite.cseq);
    await accepting;
    expect(heard(pbx, 'ACK').map(({ uri }) => uri)).toEqual([real]);
    const info = ask('INFO', disguise(scene), 50);
    const arrived = await pbx.expect('INFO');
    expect([arrived.uri, arrived.headers('Route')]).toEqual([real, []]);
    pbx.answer(arrived, 200);
    await phone.finalAnswer(info);

    // dropped what it says, it still means the one it is in a call with
    ask('INFO', disguise(scene).replace(';is=pbx', ''), 51);
    expect((await pbx.expect('INFO')).uri).toBe(real);
  });
});
