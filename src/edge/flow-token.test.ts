import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFlowTokens, type FlowFacts, listenerNumber } from './flow-token.ts';

const key = Buffer.alloc(32, 1);
const boot = Buffer.from([1, 2, 3, 4]);
const tokens = () => createFlowTokens(key, boot);
const aFlow = (changes: Partial<FlowFacts> = {}): FlowFacts => ({
  transport: 'udp',
  listener: 0xdeadbeef,
  address: '192.0.2.1',
  port: 5060,
  serial: 0,
  ...changes,
});
const overTls = aFlow({ transport: 'tls', serial: 2 ** 40 - 1 });
const flows = [
  aFlow(),
  aFlow({ address: '2001:db8::1', port: 65_535 }),
  overTls,
  aFlow({ transport: 'wss', address: '::1', serial: 7 }),
];
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('a flow token (S3, I4)', () => {
  test.each(flows)('says again what was signed: $transport $address', (flow) => {
    const token = tokens().sign(flow);
    expect(token).toMatch(/^[A-Za-z0-9_-]{28,56}$/);
    expect(tokens().verify(token)).toEqual(flow);
  });

  test.each(flows)('is forged with any one character changed: $transport $address', (flow) => {
    const token = tokens().sign(flow);
    for (let at = 0; at < token.length; at += 1)
      for (const other of ALPHABET)
        if (other !== token[at])
          expect(tokens().verify(token.slice(0, at) + other + token.slice(at + 1))).toBe('forged');
  });

  test.each(flows)('is forged with any one bit changed: $transport $address', (flow) => {
    const bytes = Buffer.from(tokens().sign(flow), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(tokens().verify(changed.toString('base64url'))).toBe('forged');
    }
  });

  test.each(flows)('is forged when cut short or added to: $transport $address', (flow) => {
    const token = tokens().sign(flow);
    for (let size = 0; size < token.length; size += 1)
      expect(tokens().verify(token.slice(0, size))).toBe('forged');
    for (const more of ['A', 'AAAA', '=', ' ', '\n'])
      expect(tokens().verify(token + more)).toBe('forged');
  });

  test('has one spelling only', () => {
    const token = tokens().sign(flows[1] ?? aFlow());
    const other = token.replaceAll('-', '+').replaceAll('_', '/');
    expect(other === token || tokens().verify(other) === 'forged').toBe(true);
  });

  test('is forged under another key', () => {
    expect(createFlowTokens(Buffer.alloc(32, 2), boot).verify(tokens().sign(overTls))).toBe(
      'forged',
    );
  });

  test('UDP: good after a restart; a connection: stale', () => {
    const restarted = createFlowTokens(key, Buffer.from([4, 3, 2, 1]));
    expect(restarted.verify(tokens().sign(aFlow()))).toEqual(aFlow());
    expect(restarted.verify(tokens().sign(overTls))).toBe('stale');
  });

  test('is forged when it is ours but of a form we do not make', () => {
    const body = Buffer.alloc(20, 0xff);
    const mac = createHmac('sha256', key).update(body).digest().subarray(0, 10);
    expect(tokens().verify(Buffer.concat([body, mac]).toString('base64url'))).toBe('forged');
  });

  test('any text: forged, no throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
        expect(tokens().verify(text)).toBe('forged');
      }),
    );
  });
});

test('a listener keeps its number, and others have another', () => {
  const listener = { transport: 'udp', address: '192.0.2.1', port: 5060 } as const;
  expect(listenerNumber(listener)).toBe(listenerNumber({ ...listener }));
  expect(listenerNumber(listener)).not.toBe(listenerNumber({ ...listener, port: 5061 }));
  expect(listenerNumber(listener)).not.toBe(listenerNumber({ ...listener, address: '192.0.2.2' }));
});
