import { describe, expect, test } from 'vitest';
import type { Flow } from '../../src/edge/signaling.ts';
import { aScene, at, type Scene } from '../contract/scene.ts';
import type { Phone } from '../support/a-phone.ts';
import { eventually } from '../support/eventually.ts';

/** The flow a phone speaks over. */
async function flowOf(scene: Scene, phone: Phone): Promise<Flow> {
  const { gate } = scene;
  const before = gate.decide;
  gate.decide = (incoming) => incoming.answer(200);
  await phone.finalAnswer(phone.request('OPTIONS', 'sip:x'));
  gate.decide = before;
  return (await gate.request('OPTIONS')).flow;
}

describe.each(['tcp', 'tls', 'ws', 'wss'] as const)('a connection over %s', (transport) => {
  test('that is gone is reported once, is not open any more, and its token is stale', async () => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone } = scene;
    const flow = await flowOf(scene, phone);
    await phone.wires[0]?.close();
    await eventually(() => gate.closedFlows.length > 0, 'the closed flow');
    expect(gate.closedFlows.map(({ token }) => token)).toEqual([flow.token]);
    expect(flow.open).toBe(false);
    expect(gate.serving.flowFrom(flow.token)).toBe('stale');
    const again = await flowOf(scene, await scene.anotherPhone());
    expect(again.token).not.toBe(flow.token);
    expect(gate.serving.flowFrom(flow.token)).toBe('stale');
    expect(gate.closedFlows).toHaveLength(1);
  });

  test('that is gone fails a call to it at once, and the next target is tried', async () => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone, pbx } = scene;
    const flow = await flowOf(scene, phone);
    await phone.wires[0]?.close();
    await eventually(() => !flow.open, 'the closed flow');
    const failures: string[] = [];
    gate.forwards({
      targets: [{ nextHop: flow }, at(pbx)],
      onTargetFailed: (_target, failure) => failures.push(failure),
    });
    const caller = await scene.anotherPhone();
    await caller.invite('1001');
    await pbx.expect('INVITE');
    expect(failures).toEqual(['unreachable']);
  });
});
