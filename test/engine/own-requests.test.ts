import { describe, test } from 'vitest';
import { aScene } from '../contract/scene.ts';
import { eventually } from '../support/eventually.ts';

describe.each(['udp', 'tcp', 'tls', 'ws'] as const)('over %s', (transport) => {
  test('a ping is heard as an empty line, and nothing comes of it', async () => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone } = scene;
    gate.decide = (incoming) => incoming.answer(200);
    await phone.finalAnswer(phone.request('OPTIONS', 'sip:x'));
    gate.serving.ping((await gate.request('OPTIONS')).flow);
    await eventually(() => phone.crlfs > 0, 'the ping');
    await phone.silence(50);
  });
});
