import { describe, expect, test } from 'vitest';
import type { Flow } from '../../src/edge/signaling.ts';
import type { Phone } from '../support/a-phone.ts';
import { eventually } from '../support/eventually.ts';
import { aScene, at, heard, type Scene } from './scene.ts';

/** The flow a phone speaks over. */
async function flowOf(scene: Scene, phone: Phone): Promise<Flow> {
  const { gate } = scene;
  const before = gate.decide;
  gate.decide = (incoming) => incoming.answer(200);
  await phone.finalAnswer(phone.request('OPTIONS', 'sip:x'));
  gate.decide = before;
  return (await gate.request('OPTIONS')).flow;
}

const found = (flow: Flow | 'forged' | 'stale'): Flow => {
  if (typeof flow === 'string') throw new Error(`the token is ${flow}`);
  return flow;
};

describe.each(['udp', 'tcp', 'tls', 'ws', 'wss'] as const)('a flow over %s', (transport) => {
  test('has a token that leads back over the very same path', async () => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone } = scene;
    const other = await scene.anotherPhone();
    const { token, address, port } = await flowOf(scene, phone);
    const otherToken = (await flowOf(scene, other)).token;
    expect(token).not.toBe(otherToken);
    const flow = found(gate.serving.flowFrom(token));
    expect(flow).toMatchObject({ transport, address, port, open: true, token });

    phone.always('OPTIONS', (request) => phone.answer(request, 200));
    const outcome = await new Promise((resolve) =>
      gate.serving.send(
        {
          method: 'OPTIONS',
          target: { nextHop: flow },
          requestUri: 'sip:1001@nowhere.invalid',
          from: 'sip:gate@example.test',
          to: 'sip:1001@example.test',
        },
        resolve,
      ),
    );
    expect(outcome).toMatchObject({ kind: 'answered' });
    expect(heard(phone, 'OPTIONS')[0]?.from.port).toBe(gate.listener(transport).port);
    expect(heard(other, 'OPTIONS')).toEqual([]);
  });

  test('has a token that stands in the user part of a URI as it is', async () => {
    await using scene = await aScene({ phone: { transport } });
    expect((await flowOf(scene, scene.phone)).token).toMatch(/^[A-Za-z0-9\-_.!~*'()]+$/);
  });

  test('has a token that cannot be altered anywhere', async () => {
    await using scene = await aScene({ phone: { transport } });
    const { token } = await flowOf(scene, scene.phone);
    const { serving } = scene.gate;
    for (let index = 0; index < token.length; index++)
      for (const character of 'ABcd01-_') {
        if (token[index] === character) continue;
        const altered = token.slice(0, index) + character + token.slice(index + 1);
        expect(serving.flowFrom(altered), altered).toBe('forged');
      }
    for (const made of [
      '',
      'x',
      token.slice(1),
      `${token}A`,
      token.repeat(2),
      `${token}=`,
      ' ',
      '\xff'.repeat(40),
    ])
      expect(serving.flowFrom(made), made).toBe('forged');
  });

  test('carries a call to the phone behind it, and all that follows, both ways', async () => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone, pbx } = scene;
    const flow = await flowOf(scene, phone);
    gate.forwards({
      targets: [{ nextHop: flow, requestUri: 'sip:1001@phone.invalid' }],
      recordRoute: true,
    });
    const { port } = gate.listener('udp', 'core');
    const call = await pbx.invite('sip:1001@example.test', { to: { address: '127.0.0.1', port } });
    const invite = await phone.expect('INVITE');
    expect(invite.uri).toBe('sip:1001@phone.invalid');
    expect(invite.list('Via')[0]).toMatch(new RegExp(`^SIP/2.0/${transport.toUpperCase()} `));
    const accepting = phone.accept(invite);
    await call.answered();
    const called = await accepting;
    const info = call.ask('INFO');
    phone.answer(await phone.expect('INFO'), 200);
    await info;
    const bye = called.bye();
    pbx.answer(await pbx.expect('BYE'), 200);
    await bye;
  });
});

test('a UDP flow never closes', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  const flow = await flowOf(scene, phone);
  await phone.wires[0]?.close();
  const again = found(gate.serving.flowFrom(flow.token));
  expect([flow.open, again.open, gate.closedFlows.length]).toEqual([true, true, 0]);
});

test.each(['tcp', 'tls', 'ws', 'wss'] as const)(
  'a connection over %s that is gone fails a call to it, the next target is tried, and it is not open any more',
  async (transport) => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone, pbx } = scene;
    const flow = await flowOf(scene, phone);
    await phone.wires[0]?.close();
    const failures: string[] = [];
    gate.forwards({
      targets: [{ nextHop: flow }, at(pbx)],
      onTargetFailed: (_target, failure) => failures.push(failure),
    });
    const caller = await scene.anotherPhone();
    await caller.invite('1001');
    await pbx.expect('INVITE');
    expect(failures).toEqual(['unreachable']);
    await eventually(() => gate.closedFlows.length > 0, 'the closed flow');
    expect(gate.closedFlows.map(({ token }) => token)).toEqual([flow.token]);
    expect([flow.open, gate.serving.flowFrom(flow.token)]).toEqual([false, 'stale']);
  },
);
