import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { at, heard, nobody } from './scene.ts';
import { twoNodes } from './two-nodes.ts';

describe.concurrent.each(['INVITE', 'REGISTER'])('%s', (method) => {
  test('goes to the next target when one cannot be reached', async () => {
    const { scene, phone, second, failed, done } = await twoNodes({}, nobody);
    await using _ = scene;
    const sent = phone.request(method, 'sip:1002@example.test');
    second.answer(await second.expect(method), 200);
    expect((await phone.finalAnswer(sent)).status).toBe(200);
    expect(failed).toEqual([[nobody, 'unreachable']]);
    expect(done).toEqual([200]);
  });

  test('goes to the next target when one says nothing for tryNextAfterMs', async () => {
    const { scene, phone, first, second, failed, targets } = await twoNodes();
    await using _ = scene;
    const began = performance.now();
    const sent = phone.request(method, 'sip:1002@example.test');
    await first.expect(method);
    const arrived = await second.expect(method);
    expect(arrived.at - began).toBeGreaterThan(700);
    expect(arrived.at - began).toBeLessThan(5000);
    second.answer(arrived, 200);
    expect((await phone.finalAnswer(sent)).status).toBe(200);
    expect(failed).toEqual([[targets[0], 'timeout']]);
  });

  test('stays with the last target for as long as a request may take', async () => {
    const { scene, phone, first, done } = await twoNodes();
    await using _ = scene;
    scene.gate.forwards({ targets: [at(first)], tryNextAfterMs: 300 });
    const sent = phone.request(method, 'sip:1002@example.test');
    const asked = await first.expect(method);
    await sleep(1000);
    expect(done).toEqual([]);
    first.answer(asked, 200);
    expect((await phone.finalAnswer(sent)).status).toBe(200);
  });

  test('goes to the next target when one says 503', async () => {
    const { scene, phone, first, second, failed, targets } = await twoNodes();
    await using _ = scene;
    const sent = phone.request(method, 'sip:1002@example.test');
    const refused = await first.expect(method);
    first.answer(refused, 503, { headers: { 'Retry-After': '9' } });
    const arrived = await second.expect(method);
    expect(arrived.branch).not.toBe(refused.branch);
    expect(arrived.list('Via').slice(1)).toEqual(refused.list('Via').slice(1));
    second.answer(arrived, 200);
    expect((await phone.finalAnswer(sent)).status).toBe(200);
    expect(failed).toEqual([[targets[0], 'unavailable']]);
    expect(heard(phone, 503)).toEqual([]);
  });

  test.each([302, 401, 404, 480, 486, 500, 501, 603])(
    'stays with a target that answered %i',
    async (status) => {
      const { scene, phone, first, second, failed, done } = await twoNodes();
      await using _ = scene;
      const sent = phone.request(method, 'sip:1002@example.test');
      first.answer(await first.expect(method), status);
      expect((await phone.finalAnswer(sent)).status).toBe(status);
      await second.silence(50);
      expect(failed).toEqual([]);
      expect(done).toEqual([status]);
    },
  );

  test('is answered 503 when no target can be reached, and every one is named', async () => {
    const { scene, phone, failed, done } = await twoNodes({ targets: [nobody, { ...nobody }] });
    await using _ = scene;
    const sent = phone.request(method, 'sip:1002@example.test');
    expect((await phone.finalAnswer(sent)).status).toBe(503);
    expect(failed.map(([, failure]) => failure)).toEqual(['unreachable', 'unreachable']);
    expect(done).toEqual([503]);
  });
});

describe.concurrent('an INVITE', () => {
  test('is given up by the last target as soon, where nothing is to be expected of it', async () => {
    const { scene, phone, first } = await twoNodes();
    await using _ = scene;
    scene.gate.forwards({ targets: [at(first)], tryNextAfterMs: 300, lastToo: true });
    const call = await phone.invite('1002');
    await first.expect('INVITE');
    expect((await call.final()).status).toBe(408);
  });

  test('stays with a target that said 100, however long it ponders', async () => {
    const { scene, phone, first, second } = await twoNodes();
    await using _ = scene;
    // a 100 does not get through every server: whoever ponders can be asked whether it is there
    first.always('OPTIONS', (options) => first.answer(options, 200));
    const call = await phone.invite('1002');
    const invite = await first.expect('INVITE');
    first.answer(invite, 100);
    await second.silence(1200);
    first.answer(invite, 486);
    expect((await call.final()).status).toBe(486);
  });

  test('stays with a target whose ringing was passed on, even when it then says 503', async () => {
    const { scene, phone, first, second } = await twoNodes();
    await using _ = scene;
    const call = await phone.invite('1002');
    const invite = await first.expect('INVITE');
    first.answer(invite, 180);
    await call.rings();
    first.answer(invite, 503);
    expect((await call.final()).status).toBeGreaterThanOrEqual(500);
    await second.silence(400);
  });

  test('walks through silence, refusal and 503 in one go', async () => {
    const { scene, phone, first, second, failed } = await twoNodes();
    await using _ = scene;
    const last = await scene.anotherPbx();
    const targets = [
      at(first),
      nobody,
      at(second),
      at(last, { requestUri: 'sip:last@example.test' }),
    ];
    scene.gate.forwards({
      targets,
      tryNextAfterMs: 800,
      onTargetFailed: (target, failure) => failed.push([target, failure]),
    });
    const call = await phone.invite('1002');
    second.answer(await second.expect('INVITE'), 503);
    const invite = await last.expect('INVITE');
    expect(invite.uri).toBe('sip:last@example.test');
    last.answer(invite, 200);
    await call.answered();
    expect(failed).toEqual([
      [targets[0], 'timeout'],
      [targets[1], 'unreachable'],
      [targets[2], 'unavailable'],
    ]);
  });

  test('that only found 503 is answered 500: a 503 would speak for us (§16.7 step 6)', async () => {
    const { scene, phone, first, second } = await twoNodes();
    await using _ = scene;
    const call = await phone.invite('1002');
    const headers = { 'Retry-After': '3600' };
    for (const node of [first, second]) node.answer(await node.expect('INVITE'), 503, { headers });
    const final = await call.final();
    expect([final.status, final.header('Retry-After')]).toEqual([500, undefined]);
    await eventually(() => heard(second, 'ACK').length === 1, 'the 503 is acknowledged');
  });
});

test('an INVITE that a slow target answers after all, while the next one rings, is answered by it alone', async () => {
  const { scene, phone, first, second } = await twoNodes();
  await using _ = scene;
  const call = await phone.invite('1002');
  const slow = await first.expect('INVITE');
  second.answer(await second.expect('INVITE'), 180);
  await call.rings();
  first.answer(slow, 200);
  expect((await call.final()).status).toBe(200);
  await second.expect('CANCEL');
});
