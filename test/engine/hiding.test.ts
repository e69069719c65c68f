import { describe, expect, test } from 'vitest';
import type { Hiding } from '../../src/edge/signaling.ts';
import { calling, expectAllVias, inner, outward, vias } from '../contract/outward.ts';
import { aScene, heard, type Scene, type SceneOptions } from '../contract/scene.ts';
import { eventually } from '../support/eventually.ts';
import { uriOf } from '../support/sip-text.ts';

test('a 200 that is repeated has the Vias too, before its ACK and after', async () => {
  await using scene = await outward(vias);
  const { phone, pbx } = scene;
  const { call, invite } = await calling(scene);
  for (const _ of [1, 2]) phone.answer(invite, 200);
  await eventually(() => heard(pbx, 200).length === 2, 'the 200 again');
  call.establish(await pbx.expect(200));
  call.acknowledge();
  await phone.expect('ACK');
  phone.answer(invite, 200);
  await eventually(() => heard(pbx, 200).length === 3, 'the 200 after the ACK');
  for (const ok of heard(pbx, 200)) expectAllVias(ok, call.invite, scene);
});

test('what comes from a phone is hidden from the PBX only if somebody says so', async () => {
  await using scene = await aScene({ hides: (from) => (from === 'core' ? vias : undefined) });
  const { invite } = await scene.talk();
  expect(invite.list('Via')).toHaveLength(2);
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

  test('is followed where no call is known, if one may go there', async () => {
    const { scene, real } = await disguised({ mayReach: (host) => host === '127.0.0.1' });
    await using _ = scene;
    const { gate, phone, pbx } = scene;
    gate.forwards({ targets: [{ nextHop: pbx.uri, realm: 'core' }], recordRoute: true });
    phone.request('SUBSCRIBE', 'sip:1002@example.test');
    const subscribe = await pbx.expect('SUBSCRIBE');
    const sent = phone.request('SUBSCRIBE', disguise(scene), {
      headers: {
        To: '<sip:1002@example.test>;tag=1',
        Route: subscribe.list('Record-Route').toReversed(),
      },
    });
    const again = await pbx.expect('SUBSCRIBE');
    expect(again.uri).toBe(real);
    pbx.answer(again, 200);
    expect((await phone.finalAnswer(sent)).status).toBe(200);
  });

  test('is followed behind a proxy of the PBX, and behind a strict one', async () => {
    const { scene, real } = await disguised();
    await using _ = scene;
    const { phone, pbx } = scene;
    const proxy = await scene.anotherPbx();
    for (const [lr, uri, routes] of [
      [';lr', real, [`<${proxy.uri};lr>`]],
      ['', proxy.uri, [`<${real}>`]],
    ] as const) {
      const caller = await phone.invite('1002');
      const invite = await pbx.expect('INVITE');
      pbx.answer(invite, 200, {
        headers: {
          'Record-Route': [`<${proxy.uri}${lr}>`, ...invite.headers('Record-Route')],
          Contact: `<${disguise(scene)}>`,
        },
      });
      await caller.answered();
      const ack = await proxy.expect('ACK');
      expect([ack.uri, ack.list('Route')]).toEqual([uri, routes]);
    }
  });

  test('is followed for a strict router before us', async () => {
    const { scene, real } = await disguised();
    await using _ = scene;
    const { phone, pbx } = scene;
    const { caller } = await scene.talk();
    const [ours = '', ...rest] = caller.routes;
    phone.request('BYE', uriOf(ours), {
      headers: {
        From: caller.invite.header('From'),
        To: `${caller.invite.header('To')};tag=${pbx.tagFor(caller.callId)}`,
        'Call-ID': caller.callId,
        CSeq: `${caller.cseq + 1} BYE`,
        Route: [...rest, `<${disguise(scene)}>`],
      },
    });
    const bye = await pbx.expect('BYE');
    expect([bye.uri, bye.list('Route')]).toEqual([real, []]);
  });
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
    phone.answer(invite, 200);
    await eventually(() => heard(pbx, 200).length === 2, 'the 200 after the ACK');
    expect(heard(pbx, 200)[1]?.headers('X-Seen')).toEqual([`200 ${names.pbx}`]);

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
