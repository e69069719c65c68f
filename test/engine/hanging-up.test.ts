import { expect, test } from 'vitest';
import { aScene, heard } from '../contract/scene.ts';

const LAST_CSEQ = 2_147_483_647;

test.each([
  ['refused as too low', 500, [2, LAST_CSEQ]],
  ['and to a call that is over', 481, [2]],
])(
  'a BYE of ours %s is said once more with the highest number there is, or not: %i',
  async (_how, status, numbers) => {
    await using scene = await aScene();
    const { gate, phone, pbx } = scene;
    await scene.talk();
    pbx.always('BYE', (bye) => pbx.answer(bye, bye.cseq === LAST_CSEQ ? 200 : status));
    const [call] = gate.calls();
    gate.serving.end(call?.callId ?? '', { text: 'limit reached' });
    phone.answer(await phone.expect('BYE'), 200);
    await expect.poll(() => heard(pbx, 'BYE').map(({ cseq }) => cseq)).toEqual(numbers);
    await pbx.silence(100);
  },
);

test('a phone that uses the highest number itself is refused: no BYE of ours could end its call', async () => {
  await using scene = await aScene();
  const { caller } = await scene.talk();
  const info = await caller.ask('INFO', { headers: { CSeq: `${LAST_CSEQ} INFO` } });
  expect(info.status).toBe(400);
  await scene.pbx.silence(30);
});
