import { describe, expect, test } from 'vitest';
import { twoNodes } from '../contract/two-nodes.ts';

describe.concurrent('an INVITE', () => {
  test('that a slow target answers after all, while the next one rings, is answered', async () => {
    const { scene, phone, first, second } = await twoNodes();
    await using _ = scene;
    const call = await phone.invite('1002');
    const slow = await first.expect('INVITE');
    second.answer(await second.expect('INVITE'), 180);
    await call.rings();
    first.answer(slow, 200);
    expect((await call.final()).toTag).toBe(first.tagFor(slow.callId));
    await second.expect('CANCEL');
  });
});
