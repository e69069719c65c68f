import { describe, expect, test } from 'vitest';
import { hashPin } from '../../src/edge/pin-check.ts';
import { heard } from '../contract/scene.ts';
import type { Phone } from '../support/a-phone.ts';
import { aScene, type Scene } from './scene.ts';

const key = new Uint8Array(32).fill(7);
const salt = 's'.repeat(22);
const route = { name: 'abroad', patterns: ['00.'], pin: 'any' as const, trunks: ['carrier-1'] };

const withPins = (network: object = {}, outbound: object = {}): Promise<Scene> =>
  aScene({
    carriers: 1,
    pinKey: key,
    policy: {
      network,
      site: { homeCountry: 'DE' },
      extensions: { defaults: { devices: 2 } },
      outbound: { 'allowed-countries': { countries: ['AT'] }, ...outbound },
      pins: { anna: { hash: hashPin('4711', salt, key) } },
      outboundRoutes: [route, { name: 'free', patterns: ['0Z.'], trunks: ['carrier-1'] }],
    },
  });

async function dials(scene: Scene, phone: Phone, number: string) {
  scene.pbx.always('INVITE', (invite) => scene.pbx.answer(invite, 486));
  const call = await phone.invite(number);
  return (await call.final()).status;
}
const rules = ({ events }: Scene) => events.filter((event) => event.startsWith('reject'));

describe('a PIN (O3)', () => {
  test('is asked for, and opens the route before the number', async () => {
    await using scene = await withPins();
    const phone = await scene.registered();
    expect(await dials(scene, phone, '0043123456789')).toBe(403);
    expect(await dials(scene, phone, '4712*0043123456789')).toBe(403);
    expect(rules(scene)).toEqual(['reject route-pin', 'reject route-pin']);
    expect(await dials(scene, phone, '4711*0043123456789')).toBe(486);
    expect(await dials(scene, phone, '%34711%2a0043123456789')).toBe(486);
  });

  test('is no more looked at after five wrong ones, from that source', async () => {
    await using scene = await withPins();
    const phone = await scene.registered();
    for (let pin = 1; pin <= 5; pin++)
      expect(await dials(scene, phone, `${pin}*0043123456789`)).toBe(403);
    expect(await dials(scene, phone, '4711*0043123456789')).toBe(403);
    expect(await dials(scene, phone, '03012345678')).toBe(486);
    const other = await scene.registered({ address: '127.0.3.7', user: '1001' });
    expect(await dials(scene, other, '4711*0043123456789')).toBe(486);
  });

  test('of one extension is no more looked at from anywhere after twenty wrong ones', async () => {
    await using scene = await withPins();
    for (let place = 1; place <= 4; place++) {
      const phone = await scene.registered({ address: `127.0.4.${place}` });
      for (let pin = 1; pin <= 5; pin++)
        expect(await dials(scene, phone, `${pin}*0043123456789`)).toBe(403);
      await phone.unregister();
    }
    const phone = await scene.registered({ address: '127.0.4.9' });
    expect(await dials(scene, phone, '4711*0043123456789')).toBe(403);
    const other = await scene.registered({ address: '127.0.4.8', user: '1002' });
    expect(await dials(scene, other, '4711*0043123456789')).toBe(486);
  });

  test('of a guest is no more looked at after twenty wrong ones, whoever he says he is', async () => {
    await using scene = await withPins(
      { 'request-rates': { mode: 'off' } },
      { 'no-guests': { guests: ['127.0.4.0/24'] } },
    );
    const guest = await scene.phone({ address: '127.0.4.1' });
    const dial = (as: number, pin: string) =>
      guest.finalAnswer(
        guest.request('INVITE', `sip:${pin}*0043123456789@127.0.0.1`, {
          headers: { From: `<sip:${as}@127.0.0.1>;tag=${as}` },
        }),
      );
    scene.pbx.always('INVITE', (invite) => scene.pbx.answer(invite, 486));
    expect((await dial(3000, '4711')).status).toBe(486);
    for (let guess = 1; guess <= 20; guess++)
      expect((await dial(3000 + guess, '1111')).status).toBe(403);
    expect((await dial(3100, '4711')).status).toBe(403);
    const phone = await scene.registered();
    expect(await dials(scene, phone, '4711*0043123456789')).toBe(486);
  });

  test('never reaches the PBX, in no message of the call, and the phone gets its own To back', async () => {
    await using scene = await withPins();
    const { pbx } = scene;
    const phone = await scene.registered();
    const caller = await phone.invite('4711*0043123456789');
    const dialled = caller.invite.header('To') ?? '';
    const invite = await pbx.expect('INVITE');
    expect(invite.uri).toMatch(/^sip:0043123456789@/);
    pbx.answer(invite, 180);
    expect((await caller.rings()).header('To')).toMatch(`${dialled};tag=`);
    const accepting = pbx.accept(invite);
    const ok = await caller.answered();
    expect(ok.header('To')).toBe(`${dialled};tag=${ok.toTag}`);
    const called = await accepting;
    for (const method of ['INFO', 'UPDATE'] as const) {
      pbx.always(method, (request) => pbx.answer(request, 200));
      const answer = await caller.ask(method);
      expect(answer.header('To')).toBe(ok.header('To'));
    }
    const bye = called.ask('BYE');
    phone.answer(await phone.expect('BYE'), 200);
    await bye;
    for (const message of pbx.received) expect(message.text).not.toContain('4711');
    expect(heard(pbx, 'ACK')).toHaveLength(1);
  });

  test('that was given up before an answer is not told of either', async () => {
    await using scene = await withPins();
    const phone = await scene.registered();
    const caller = await phone.invite('4711*0043123456789');
    scene.pbx.answer(await scene.pbx.expect('INVITE'), 180);
    await caller.rings();
    caller.cancel();
    const cancel = await scene.pbx.expect('CANCEL');
    expect(cancel.text).not.toContain('4711');
  });

  test('holds for the rest of the call, which the PBX sends on; and for no other', async () => {
    await using scene = await withPins();
    const { address, port } = scene.place();
    const uri = `sip:0043123456789@${address}:${port}`;
    const headers = { From: '<sip:1001@pbx>;tag=a' };
    expect(await scene.refused(uri, { headers })).toBe(403);
    const phone = await scene.registered();
    await phone.invite('4711*0043123456789');
    await scene.pbx.expect('INVITE');
    const call = await scene.call(uri, { headers: { From: '<sip:1001@pbx>;tag=b' } });
    const carrier = scene.carrier();
    const invite = await carrier.expect('INVITE');
    expect(invite.text).not.toContain('4711');
    carrier.answer(invite, 486);
    await call.final();
    const forwarded = { From: '<sip:1002@pbx>;tag=c', Diversion: '<sip:1001@pbx>' };
    expect(await scene.refused(uri, { headers: forwarded })).toBe(403);
  });

  test('can be part of where a phone transfers to, and goes no further', async () => {
    await using scene = await withPins();
    scene.pbx.always('REFER', (refer) => scene.pbx.answer(refer, 202));
    const phone = await scene.registered();
    const refer = (target: string) =>
      phone.finalAnswer(
        phone.request('REFER', 'sip:1002@127.0.0.1', { headers: { 'Refer-To': `<${target}>` } }),
      );
    expect((await refer('sip:0043123456789@127.0.0.1')).status).toBe(403);
    expect((await refer('sip:4711*0043123456789@127.0.0.1')).status).toBe(202);
    expect((await refer('tel:4711*0043123456789')).status).toBe(202);
    expect(heard(scene.pbx, 'REFER').map((one) => one.header('Refer-To'))).toEqual([
      '<sip:0043123456789@127.0.0.1>',
      '<tel:0043123456789>',
    ]);
  });

  test('is none in a URI that stands for a place of the PBX, nor may the PBX call its number then', async () => {
    await using scene = await withPins();
    const phone = await scene.registered();
    const { uris, outside } = scene.running.edge;
    const target = uris.hide('sip:4711*0043123456789@192.0.2.9', '192.0.2.1:5060');
    const headers = { 'Refer-To': `<${target}>` };
    const refer = phone.request('REFER', 'sip:1002@127.0.0.1', { headers });
    expect((await phone.finalAnswer(refer)).status).toBe(400);
    expect(heard(scene.pbx, 'REFER')).toEqual([]);
    expect(outside.continuedBy('+43123456789', '1001', undefined)).toBeUndefined();
  });

  test('is not taken for one where there are none: PIN*number is the PBX’s own affair', async () => {
    await using scene = await aScene({
      policy: { site: {}, outbound: { 'unknown-numbers': { mode: 'off' } } },
    });
    const phone = await scene.registered();
    await phone.invite('12*34');
    expect((await scene.pbx.expect('INVITE')).uri).toMatch(/^sip:12\*34@/);
  });
});
