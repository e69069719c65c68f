import { describe, expect, test } from 'vitest';
import { heard } from '../contract/scene.ts';
import type { Pbx } from '../support/a-pbx.ts';
import { aScene, last, type Scene, statusOf } from './scene.ts';

const trunkHeader = { name: 'X-Trunk', value: 'yes' };
const marked = { carriers: 1, pbx: { trunkHeader } };

/** The carrier calls in; the PBX accepts. */
async function callsIn(scene: Scene, by: Pbx = scene.carrier(), headers = {}) {
  const { address, port } = scene.place();
  const call = await by.invite(`sip:+4930123@${address}:${port}`, { to: scene.place(), headers });
  const invite = await scene.pbx.expect('INVITE');
  const accepting = scene.pbx.accept(invite);
  await call.answered();
  return { call, called: await accepting, invite };
}

describe('a carrier', () => {
  test('is known by its address: its call reaches the PBX with the trunk’s mark, once', async () => {
    await using scene = await aScene(marked);
    const { call, called, invite } = await callsIn(scene, scene.carrier(), {
      'x-trunk': ['no', 'never'],
    });
    expect(invite.headers('X-Trunk')).toEqual(['yes']);
    const info = call.ask('INFO', { headers: { 'X-Trunk': 'again' } });
    const inside = await scene.pbx.expect('INFO');
    expect(inside.headers('X-Trunk')).toEqual([]);
    scene.pbx.answer(inside, 200);
    await info;
    const bye = called.ask('BYE');
    const carrier = scene.carrier();
    carrier.answer(await carrier.expect('BYE'), 200);
    await bye;
  });

  test('is known from any port, and by the addresses it was given besides', async () => {
    await using scene = await aScene(marked);
    const other = await scene.phone({ address: '127.0.0.2', user: 'carrier' });
    await other.invite('+4930');
    expect((await scene.pbx.expect('INVITE')).header('X-Trunk')).toBe('yes');
    const [trunk] = scene.settings.trunks;
    if (trunk === undefined) throw new Error('no trunk');
    const far = await scene.phone({ address: '127.0.9.7', user: 'carrier' });
    scene.reload({ trunks: [{ ...trunk, sources: ['127.0.9.0/255.255.255.0'] }] });
    await far.invite('+4931');
    expect((await scene.pbx.expect('INVITE')).header('X-Trunk')).toBe('yes');
  });

  test.each([
    ['Referred-By', '<sip:1001@127.0.0.1>'],
    ['Diversion', '<sip:1001@127.0.0.1>;reason=unconditional'],
  ])('names no extension as who forwards its call: %s', async (header, value) => {
    await using scene = await aScene(marked);
    const { invite } = await callsIn(scene, scene.carrier(), { [header]: value });
    expect(invite.headers(header)).toEqual([]);
    const other = '<sip:+493055555@carrier.example>';
    await using another = await aScene(marked);
    const passed = await callsIn(another, another.carrier(), { [header]: other });
    expect(passed.invite.headers(header)).toEqual([other]);
  });

  describe('that transfers (REFER)', () => {
    const policy = { site: { homeCountry: 'DE' } };
    const transfers = async (scene: Scene, to: string) => {
      scene.pbx.always('REFER', (refer) => scene.pbx.answer(refer, 202));
      const { call } = await callsIn(scene);
      const headers = { 'Refer-To': to, 'Referred-By': '<sip:1001@127.0.0.1>' };
      return (await call.ask('REFER', { headers })).status;
    };

    test('is asked what whoever calls is: 403 for a number abroad, and the PBX hears nothing', async () => {
      await using scene = await aScene({ ...marked, policy });
      expect(await transfers(scene, '<sip:0041443335555@127.0.0.1>')).toBe(403);
      expect(heard(scene.pbx, 'REFER')).toEqual([]);
    });

    test('names no extension as who does, nor is the call the one’s whom it speaks with', async () => {
      const outboundRoutes = [
        { name: 'home', patterns: ['+49.'], trunks: ['carrier-1'], extensions: ['1001'] },
      ];
      await using open = await aScene({ ...marked, policy });
      expect(await transfers(open, '<sip:03012345678@127.0.0.1>')).toBe(202);
      expect(last(open.pbx, 'REFER').headers('Referred-By')).toEqual([]);
      await using scene = await aScene({ ...marked, policy: { ...policy, outboundRoutes } });
      expect(await transfers(scene, '<sip:03012345678@127.0.0.1>')).toBe(403);
      expect(await transfers(scene, '<sip:1002@127.0.0.1>')).toBe(202);
    });
  });

  test('does not register: 403', async () => {
    await using scene = await aScene(marked);
    const carrier = scene.carrier();
    const sent = carrier.request('REGISTER', 'sip:127.0.0.1', { to: scene.place() });
    expect((await carrier.finalAnswer(sent)).status).toBe(403);
    expect(heard(scene.pbx, 'REGISTER')).toEqual([]);
  });

  test('cannot call a phone but through the PBX, whatever it knows', async () => {
    await using scene = await aScene(marked);
    const phone = await scene.registered();
    const carrier = scene.carrier();
    await carrier.invite(scene.contact(), { to: scene.place() });
    const invite = await scene.pbx.expect('INVITE');
    scene.pbx.answer(invite, 403);
    const flow = [...scene.kept.values()][0]?.flow ?? '';
    const { address, port } = scene.place();
    const sent = carrier.request('BYE', phone.contact.slice(1, -1), {
      to: scene.place(),
      headers: { To: '<sip:x@y>;tag=1', Route: `<sip:${flow}@${address}:${port};lr>` },
    });
    expect((await carrier.finalAnswer(sent)).status).toBe(403);
    await phone.silence(50);
  });
});

describe('nobody else writes the trunk’s mark', () => {
  test.each(['INVITE', 'MESSAGE', 'REGISTER', 'SUBSCRIBE'])('%s', async (method) => {
    await using scene = await aScene(marked);
    const phone = await scene.phone();
    const headers = { 'x-TRUNK ': ['yes', 'yes'], Subject: 'kept' };
    phone.request(method, 'sip:1001@127.0.0.1', { headers });
    if (method === 'REGISTER') await phone.expect(200);
    else await scene.pbx.expect(method);
    const came = last(scene.pbx, method);
    expect(came.text).not.toMatch(/x-trunk/i);
    expect(came.header('Subject')).toBe('kept');
  });

  test('inside a call', async () => {
    await using scene = await aScene(marked);
    const phone = await scene.phone();
    const caller = await phone.invite('1002');
    const accepting = scene.pbx.accept(await scene.pbx.expect('INVITE'));
    await caller.answered();
    await accepting;
    caller.request('INFO', { headers: { 'X-Trunk': 'yes' } });
    expect((await scene.pbx.expect('INFO')).header('X-Trunk')).toBeUndefined();
  });
});

describe('the PBX calls out', () => {
  test('by the carrier that the Request-URI names', async () => {
    await using scene = await aScene({ carriers: 1 });
    const carrier = scene.carrier();
    const uri = `sip:+4930@${carrier.address}:${carrier.port}`;
    const call = await scene.call(uri);
    const invite = await carrier.expect('INVITE');
    expect(invite.uri).toBe(uri);
    const accepting = carrier.accept(invite);
    await call.answered();
    const called = await accepting;
    const bye = called.ask('BYE');
    scene.pbx.answer(await scene.pbx.expect('BYE'), 200);
    expect((await bye).status).toBe(200);
  });

  test('by the first carrier when it names us, and by the next when that one fails', async () => {
    await using scene = await aScene({ carriers: 2 });
    const { address, port } = scene.place();
    const uri = `sip:+4930@${address}:${port}`;
    const first = await scene.call(uri);
    scene.carrier(0).answer(await scene.carrier(0).expect('INVITE'), 486);
    expect((await first.final()).status).toBe(486);
    await scene.carrier(1).silence(30);

    scene.carrier(0).always('INVITE', (invite) => scene.carrier(0).answer(invite, 503));
    const second = await scene.call(uri);
    scene.carrier(1).answer(await scene.carrier(1).expect('INVITE'), 486);
    await second.final();

    scene.carrier(0).deaf = true;
    const third = await scene.call(uri);
    scene.carrier(1).answer(await scene.carrier(1).expect('INVITE'), 404);
    expect((await third.final()).status).toBe(404);
    expect(scene.events.filter((event) => event.startsWith('trunk'))).toEqual([
      'trunk carrier-1 486',
      'trunk carrier-1 503',
      'trunk carrier-2 486',
      'trunk carrier-1 silent',
      'trunk carrier-2 404',
    ]);
  });

  test('not to a host that nobody configured: 404', async () => {
    await using scene = await aScene({ carriers: 1 });
    expect(await scene.refused('sip:+4930@192.0.2.77')).toBe(404);
    expect(await scene.refused('sip:+4930@carrier.test')).toBe(404);
    await scene.carrier().silence(30);
  });

  test('nowhere when there are no carriers: 404', async () => {
    await using scene = await aScene();
    const { address, port } = scene.place();
    expect(await scene.refused(`sip:+4930@${address}:${port}`)).toBe(404);
  });

  test('and a phone cannot, whatever Request-URI it gives', async () => {
    await using scene = await aScene({ carriers: 1 });
    const phone = await scene.phone();
    const carrier = scene.carrier();
    scene.pbx.always('INVITE', (invite) => scene.pbx.answer(invite, 403));
    const uri = `sip:+4930@${carrier.address}:${carrier.port}`;
    expect(await statusOf(phone, 'INVITE', uri)).toBe(403);
    await carrier.silence(50);
  });
});

describe('a carrier’s calls', () => {
  const judging = { carriers: 1, policy: { site: { homeCountry: 'DE' } } };
  const callsOnce = async (scene: Scene, from: string, called: string) => {
    const carrier = scene.carrier();
    const { address, port } = scene.place();
    const call = await carrier.invite(`sip:${called}@${address}:${port}`, {
      to: scene.place(),
      headers: { From: `<sip:${from}@carrier.test>;tag=${crypto.randomUUID()}` },
    });
    return (await call.final()).status;
  };

  test('need the certificate that is set for it, besides its address (I1)', async () => {
    await using scene = await aScene({ ...judging, policy: { site: {} } });
    scene.pbx.always('INVITE', (invite) => scene.pbx.answer(invite, 486));
    expect(await callsOnce(scene, '+4989123456', '030999')).toBe(486);
    const [trunk] = scene.settings.trunks;
    if (trunk === undefined) throw new Error('no trunk');
    scene.reload({ trunks: [{ ...trunk, certificateName: 'carrier.test' }] });
    expect(await callsOnce(scene, '+4989123456', '030999')).toBe(403);
    expect(scene.events).toContain('reject trunk-certificates');
  });

  test('flooding one number are refused, those to another are not (I2)', async () => {
    await using scene = await aScene(judging);
    scene.pbx.always('INVITE', (invite) => scene.pbx.answer(invite, 404));
    const statuses = [];
    for (let call = 0; call < 21; call++)
      statuses.push(await callsOnce(scene, `+49891234${100 + call}`, '030999999'));
    expect(statuses).toEqual([...Array(20).fill(404), 486]);
    expect(await callsOnce(scene, '+4989123999', '+4930999999')).toBe(486);
    expect(await callsOnce(scene, '+4989123999', '030999998')).toBe(404);
  });

  test('by one caller at once are five, and the next is busy until one ends (I2)', async () => {
    await using scene = await aScene(judging);
    const carrier = scene.carrier();
    const { address, port } = scene.place();
    const calling = () =>
      carrier.invite(`sip:030999@${address}:${port}`, {
        to: scene.place(),
        headers: { From: `<sip:+4989123@carrier.test>;tag=${crypto.randomUUID()}` },
      });
    for (let call = 0; call < 5; call++) {
      await calling();
      await scene.pbx.expect('INVITE');
    }
    expect((await (await calling()).final()).status).toBe(486);
    const { ledger } = scene.running.edge.leases;
    expect([ledger.live('caller:+4989123'), ledger.live('trunk:carrier-1')]).toEqual([5, 5]);
  });
});
