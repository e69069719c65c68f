import { describe, expect, test } from 'vitest';
import { aScene, heard } from '../contract/scene.ts';
import { aPhone } from '../support/a-phone.ts';
import { eventually } from '../support/eventually.ts';
import { openTransports } from '../support/open-transports.ts';
import { contactOf, newBranch } from '../support/sip-party.ts';

describe.concurrent.each(['tcp', 'tls', 'ws'] as const)(
  "the caller's connection over %s dies",
  (transport) => {
    test('in a call: the other side can still hang up, and the call ends', async () => {
      await using scene = await aScene({ phone: { transport } });
      const { gate, phone } = scene;
      const { called } = await scene.talk();
      await phone.wires[0]?.close();
      await eventually(() => gate.closedFlows.length === 1, 'the connection is gone');
      const final = await called.ask('BYE');
      expect(final.status).toBeGreaterThanOrEqual(200);
      await eventually(() => gate.ended.length === 1, 'the end');
    });
  },
);

interface Ringing {
  readonly transport?: 'tcp' | 'tls';
  readonly realm?: 'core' | 'trunk';
  /** Where the PBX listens; its connection comes from 127.0.0.6. */
  readonly pbx?: string;
  /** What its Via says; the port of the TCP listener when not given. */
  readonly host: string;
  readonly port?: number;
}

/** A PBX calls over a connection that dies while the phone rings. */
async function ringsWhenLost(ringing: Ringing) {
  const { transport = 'tcp', realm = 'core', pbx: address = '127.0.0.6', host } = ringing;
  const asked: string[] = [];
  const scene = await aScene({
    listeners: [
      { transport: 'udp', realm: 'access' },
      { transport, realm },
    ],
    mayReach: (name) => {
      asked.push(name);
      return true;
    },
  });
  const { gate, phone } = scene;
  const target = { nextHop: `sip:127.0.0.1:${phone.port}`, realm: 'access' } as const;
  gate.forwards({ targets: [target], recordRoute: true });
  const pbx = await scene.anotherPbx({ address });
  const { port } = gate.listener(transport, realm);
  const line = await aPhone({
    transport,
    to: { address: '127.0.0.1', port },
    address: '127.0.0.6',
  });
  const Via = `SIP/2.0/${transport.toUpperCase()} ${host}:${ringing.port ?? pbx.port};branch=${newBranch()}`;
  const call = await line.invite('1001', { headers: { Via } });
  const invite = await phone.expect('INVITE');
  phone.answer(invite, 180);
  await call.rings();
  await line.wires[0]?.close();
  await eventually(() => gate.closedFlows.length === 1, 'the connection is gone');
  return { scene, gate, phone, pbx, invite, asked };
}

describe.concurrent('the connection of a PBX that calls dies while a phone rings', () => {
  test('the phone goes on ringing, and the answers find the PBX by its Via (§18.2.2)', async () => {
    const { scene, gate, phone, pbx, invite } = await ringsWhenLost({ host: 'pbx.invalid' });
    await using _ = scene;
    await phone.silence(100);
    phone.answer(invite, 183);
    phone.answer(invite, 200);
    const came = [await pbx.expect(183), await pbx.expect(200)];
    expect(came.map(({ list }) => list('Via').length)).toEqual([1, 1]);
    expect(new Set(came.map(({ from }) => `${from.transport} ${from.port}`)).size).toBe(1);
    expect(gate.calls()).toHaveLength(1);
    const [, ok] = came;
    pbx.request('ACK', contactOf(ok ?? invite), {
      to: { ...gate.listener('tcp', 'core'), transport: 'tcp' },
      headers: {
        From: ok?.header('From'),
        To: ok?.header('To'),
        'Call-ID': ok?.callId,
        CSeq: '1 ACK',
      },
    });
    await phone.expect('ACK');
    phone.answer(invite, 200); // it came too late
    await eventually(() => heard(pbx, 200).length === 2, 'the 200 again');
  });

  test('over TLS as well', async () => {
    const open = await openTransports({ listen: [{ transport: 'tls', address: '127.0.0.6' }] });
    const { scene, phone, invite } = await ringsWhenLost({
      transport: 'tls',
      host: '127.0.0.6',
      port: open.port('tls'),
    });
    await using _ = scene;
    phone.answer(invite, 486);
    await eventually(() => open.messages.length === 1, 'the answer');
    expect(open.messages[0]?.wire).toMatch(/^SIP\/2.0 486 /);
    await open.close();
  });

  test('when nobody is there the answers go to the host of the Via, which only the PBX may name', async () => {
    const elsewhere = { pbx: '127.0.0.1', host: 'localhost' };
    const { scene, phone, pbx, invite, asked } = await ringsWhenLost(elsewhere);
    await using _ = scene;
    phone.answer(invite, 200);
    expect((await pbx.expect(200)).list('Via')[0]).toContain('received=127.0.0.6');
    expect(asked).toEqual(['localhost']);
  });

  test('when nobody can be told that it still rings, it is cancelled: a trunk may not name a host', async () => {
    const elsewhere = { realm: 'trunk', pbx: '127.0.0.1', host: 'localhost' } as const;
    const { scene, phone, pbx, invite, asked } = await ringsWhenLost(elsewhere);
    await using _ = scene;
    phone.answer(invite, 183);
    await phone.expect('CANCEL');
    expect([asked, pbx.received]).toEqual([[], []]);
  });
});
