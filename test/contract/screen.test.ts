import { expect, test } from 'vitest';
import { pause } from '../support/eventually.ts';
import { aScene, heard, requestText, speak } from './scene.ts';

test.each(['udp', 'tcp'] as const)(
  'what is not admitted over %s is neither handed over nor answered, and another source is served',
  async (transport) => {
    await using scene = await aScene({
      phone: { transport },
      admits: (_listener, address) => address !== '127.0.0.66',
    });
    const { gate, phone } = scene;
    gate.decide = (incoming) => incoming.answer(200);
    const refused = await scene.anotherPhone({ address: '127.0.0.66' }).catch(() => undefined);
    if (refused !== undefined) speak(refused, requestText(refused, 'OPTIONS'));
    const answer = await phone.finalAnswer(phone.request('OPTIONS', 'sip:1002@example.test'));
    expect(answer.status).toBe(200);
    await pause(300);
    expect(gate.seen.map(({ flow }) => flow.address)).toEqual([phone.address]);
    if (refused !== undefined) expect(heard(refused, 200)).toEqual([]);
  },
);

test('what decides about admission sees the beginning of a message', async () => {
  const seen: string[] = [];
  await using scene = await aScene({
    admits(_listener, _address, _port, received) {
      if (received !== undefined)
        seen.push(
          typeof received === 'string' ? received : Buffer.from(received).toString('latin1'),
        );
      return true;
    },
  });
  const { gate, phone } = scene;
  gate.decide = (incoming) => incoming.answer(200);
  await phone.finalAnswer(phone.request('OPTIONS', 'sip:1002@example.test'));
  expect(seen.some((text) => text.startsWith('OPTIONS sip:1002@example.test SIP/2.0'))).toBe(true);
});
