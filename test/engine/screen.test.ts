import { expect, test } from 'vitest';
import { aScene, heard, requestText, speak } from '../contract/scene.ts';
import { eventually, pause } from '../support/eventually.ts';

const broken = (text: string): string => text.replace(/^Max-Forwards: .*$/m, 'Max-Forwards: many');

test.each(['udp', 'tcp'] as const)(
  'a broken request over %s is answered only when the edge wants it to be',
  async (transport) => {
    const problems: string[] = [];
    await using scene = await aScene({
      phone: { transport },
      answersBroken(flow, problem) {
        problems.push(`${problem} from ${flow.address}`);
        return problems.length === 1;
      },
    });
    const { phone, gate } = scene;
    speak(phone, broken(requestText(phone, 'OPTIONS')));
    await eventually(() => heard(phone, 400).length === 1, 'an answer to the first');
    speak(phone, broken(requestText(phone, 'OPTIONS')));
    await eventually(() => problems.length === 2, 'the second was told');
    await pause(300);
    expect(heard(phone, 400)).toHaveLength(1);
    expect(problems).toEqual([
      `max-forwards from ${phone.address}`,
      `max-forwards from ${phone.address}`,
    ]);
    expect(gate.seen).toEqual([]);
  },
);

test('what is no SIP, and what is too long, is told of', async () => {
  const problems: string[] = [];
  await using scene = await aScene({
    limits: { messageBytes: 4096 },
    answersBroken(_flow, problem) {
      problems.push(problem);
      return true;
    },
  });
  speak(scene.phone, 'GET / HTTP/1.1\r\n\r\n');
  speak(scene.phone, requestText(scene.phone, 'OPTIONS', {}, 'x'.repeat(5000)));
  await eventually(() => problems.length === 2, 'both were told');
  expect(problems.toSorted()).toEqual(['not-sip', 'too-large']);
});

test('a message over a connection whose source is refused meanwhile is not read, and the connection ends', async () => {
  let open = true;
  await using scene = await aScene({ phone: { transport: 'tcp' }, admits: () => open });
  const { gate, phone } = scene;
  gate.decide = (incoming) => incoming.answer(200);
  await phone.finalAnswer(phone.request('OPTIONS', 'sip:1002@example.test'));
  open = false;
  speak(phone, requestText(phone, 'OPTIONS'));
  await eventually(() => gate.closedFlows.length === 1, 'the connection is gone');
  expect(gate.seen).toHaveLength(1);
});

test('connections are cut by where they come from', async () => {
  await using scene = await aScene({ phone: { transport: 'tls' } });
  const { gate, phone } = scene;
  gate.decide = (incoming) => incoming.answer(200);
  const other = await scene.anotherPhone({ address: '127.0.0.66' });
  for (const party of [phone, other])
    await party.finalAnswer(party.request('OPTIONS', 'sip:1002@example.test'));
  gate.serving.cut?.((_listener, address) => address === '127.0.0.66');
  await eventually(() => gate.closedFlows.length === 1, 'one connection is gone');
  expect(gate.closedFlows[0]?.address).toBe('127.0.0.66');
  const answer = await phone.finalAnswer(phone.request('OPTIONS', 'sip:1002@example.test'));
  expect(answer.status).toBe(200);
});
