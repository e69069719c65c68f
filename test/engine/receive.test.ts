import { describe, expect, test } from 'vitest';
import { aScene, linesBut, requestText, speak } from '../contract/scene.ts';

describe.each(['udp', 'tcp', 'tls', 'ws'] as const)('over %s', (transport) => {
  test('a request is handed over byte for byte, with headers, methods and bytes nobody knows', async () => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone } = scene;
    gate.decide = () => {};
    const sent = requestText(
      phone,
      'FROB',
      {
        'X-oDD': 'a   b\t"c"  ,d',
        'x-ODD': 'again',
        'X-Bytes': '\xe9\xff\x80',
        Folded: 'one\r\n  two',
      },
      'no\x00text\xff\r\n\r\nat all',
    );
    speak(phone, sent);
    const { request } = await gate.request('FROB');
    expect(request.requestUri).toBe('sip:1002@example.test');
    expect(request.header('X-Odd')).toBe('a   b\t"c"  ,d');
    expect(request.body).toBe('no\x00text\xff\r\n\r\nat all');
    expect(linesBut(request.wire, 'Via')).toEqual(linesBut(sent, 'Via'));
  });
});
