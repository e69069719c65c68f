import { describe, expect, test } from 'vitest';
import type { Outcome, OwnRequest, Target } from '../../src/edge/signaling.ts';
import { pause } from '../support/eventually.ts';
import { parameter } from '../support/sip-text.ts';
import { aScene, at, heard, nobody, type Scene } from './scene.ts';

const options = (target: Target, more: Partial<OwnRequest> = {}): OwnRequest => ({
  method: 'OPTIONS',
  target,
  requestUri: 'sip:pbx.example.test',
  from: 'sip:gate@example.test',
  to: 'sip:pbx.example.test',
  ...more,
});

/** Sends it and notes every outcome: there must be one. */
function send({ gate }: Scene, request: OwnRequest) {
  const outcomes: Outcome[] = [];
  const first = new Promise<Outcome>((resolve) =>
    gate.serving.send(request, (outcome) => {
      outcomes.push(outcome);
      resolve(outcome);
    }),
  );
  return { first, outcomes };
}

describe.concurrent('a request of our own', () => {
  test.each(['udp', 'tcp'] as const)(
    'over %s is whole, and its answer is reported',
    async (transport) => {
      await using scene = await aScene();
      const { gate, pbx } = scene;
      const headers = [{ name: 'X-Health', value: 'check' }];
      const { first, outcomes } = send(scene, options(at(pbx, { transport }), { headers }));
      const arrived = await pbx.expect('OPTIONS');
      const { port } = gate.listener(transport, 'core');
      expect(arrived.uri).toBe('sip:pbx.example.test');
      expect(arrived.list('Via')).toHaveLength(1);
      expect(arrived.header('Via')).toContain(
        `SIP/2.0/${transport.toUpperCase()} 127.0.0.1:${port};`,
      );
      expect(arrived.branch).toMatch(/^z9hG4bK/);
      expect(arrived.header('Max-Forwards')).toBe('70');
      expect(arrived.header('From')).toContain('sip:gate@example.test');
      expect(parameter(arrived.header('From') ?? '', 'tag')).toBeTruthy();
      expect(arrived.header('To')).toContain('sip:pbx.example.test');
      expect(arrived.toTag).toBeUndefined();
      expect(arrived.callId).toBeTruthy();
      expect(arrived.header('CSeq')).toMatch(/^\d+ OPTIONS$/);
      expect(arrived.header('X-Health')).toBe('check');
      expect(arrived.header('Content-Length')).toBe('0');
      pbx.answer(arrived, 100);
      pbx.answer(arrived, 200, { headers: { Allow: 'INVITE' } });
      const outcome = await first;
      expect(
        outcome.kind === 'answered' && [outcome.response.status, outcome.response.header('Allow')],
      ).toEqual([200, 'INVITE']);
      pbx.answer(arrived, 200);
      await pause(50);
      expect(outcomes).toHaveLength(1);
    },
  );

  test('that is refused was answered, too', async () => {
    await using scene = await aScene();
    const { first } = send(scene, options(at(scene.pbx)));
    scene.pbx.answer(await scene.pbx.expect('OPTIONS'), 404);
    const outcome = await first;
    expect(outcome.kind === 'answered' && outcome.response.status).toBe(404);
  });

  test('that nobody answers is repeated, and times out when asked to; a late answer changes nothing', async () => {
    await using scene = await aScene();
    const { pbx } = scene;
    const began = performance.now();
    const { first, outcomes } = send(scene, options(at(pbx), { timeoutMs: 800 }));
    expect(await first).toEqual({ kind: 'failed', failure: 'timeout' });
    expect(performance.now() - began).toBeGreaterThan(750);
    expect(performance.now() - began).toBeLessThan(1600);
    expect(heard(pbx, 'OPTIONS')).toHaveLength(2);
    pbx.answer(await pbx.expect('OPTIONS'), 200);
    await pause(100);
    expect(outcomes).toHaveLength(1);
  });

  test('to where nobody listens is unreachable', async () => {
    await using scene = await aScene();
    const { first, outcomes } = send(scene, options(nobody));
    expect(await first).toEqual({ kind: 'failed', failure: 'unreachable' });
    await pause(50);
    expect(outcomes).toHaveLength(1);
  });

  test('never resembles another: each has its own Call-ID, tag and branch', async () => {
    await using scene = await aScene();
    const { pbx } = scene;
    send(scene, options(at(pbx)));
    send(scene, options(at(pbx)));
    const [one, two] = [await pbx.expect('OPTIONS'), await pbx.expect('OPTIONS')];
    expect(
      [one.callId, one.fromTag, one.branch].some((part) =>
        [two.callId, two.fromTag, two.branch].includes(part),
      ),
    ).toBe(false);
  });
});

describe.each(['udp', 'tcp', 'tls', 'ws'] as const)('over %s', (transport) => {
  test('what we call ourselves toward a flow is where its peer reaches us', async () => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone } = scene;
    gate.decide = (incoming) => incoming.answer(200);
    await phone.finalAnswer(phone.request('OPTIONS', 'sip:x'));
    const { flow } = await gate.request('OPTIONS');
    const { address, port } = gate.listener(transport);
    const parameters = transport === 'udp' ? '' : `;transport=${transport}`;
    expect(gate.serving.ownAddress({ nextHop: flow })).toBe(`${address}:${port}${parameters}`);
  });
});

test('what we call ourselves toward a target is the listener it is reached from', async () => {
  await using scene = await aScene();
  const { gate, pbx } = scene;
  for (const [transport, parameters] of [
    ['udp', ''],
    ['tcp', ';transport=tcp'],
  ] as const) {
    const { address, port } = gate.listener(transport, 'core');
    expect(gate.serving.ownAddress(at(pbx, { transport }))).toBe(`${address}:${port}${parameters}`);
  }
});
