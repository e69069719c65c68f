import { describe, expect, test } from 'vitest';
import { aScene, requestText, speak } from '../contract/scene.ts';
import { eventually } from '../support/eventually.ts';

describe.each(['udp', 'tcp'] as const)('over %s', (transport) => {
  test.each(['MESSAGE', 'INVITE'])(
    'a dropped %s meets silence, even when repeated',
    async (method) => {
      await using scene = await aScene({ phone: { transport } });
      const { gate, phone } = scene;
      gate.decide = (incoming) => incoming.drop();
      const sent = requestText(phone, method);
      speak(phone, sent);
      await eventually(() => gate.seen.length > 0, 'the request');
      await phone.silence(400);
      speak(phone, sent);
      await phone.silence(300);
      expect(phone.received).toEqual([]);
    },
  );
});
