import { describe, expect, test } from 'vitest';
import type { Program } from '../protocol/program.ts';
import type { Channel } from '../transport/transports.ts';
import { Dialog, DialogTable } from './dialog.ts';

const program: Program = { tags: [], connected: true, send() {} };
const at = (changes: Partial<Channel> = {}) =>
  ({
    address: '198.51.100.7',
    port: 5060,
    transport: 'udp',
    realm: 'core',
    reliable: false,
    open: true,
    ...changes,
  }) as Channel;

const aDialog = (changes: Partial<ConstructorParameters<typeof Dialog>[0]> = {}) =>
  new Dialog({
    id: 'c;from-tag=f',
    callId: 'c',
    role: 'uas',
    kind: 'INVITE',
    program,
    local: '<sip:us@x>;tag=t',
    remote: '<sip:them@y>;tag=f',
    localTag: 't',
    remoteTag: 'f',
    target: 'sip:them@198.51.100.7',
    routes: [],
    localCseq: 7,
    remoteCseq: 1,
    channel: at(),
    contact: '<sip:us@192.0.2.1>',
    earlyId: 'e',
    ...changes,
  });

const write = (dialog: Dialog) =>
  dialog.write({ method: 'INFO', cseq: 8, via: 'SIP/2.0/UDP us', headers: 'X: y\r\n', body: 'hi' });

describe('a request inside a dialog', () => {
  test('is addressed to the target, from us to them', () => {
    expect(write(aDialog())).toBe(
      [
        'INFO sip:them@198.51.100.7 SIP/2.0',
        'Via: SIP/2.0/UDP us',
        'Max-Forwards: 70',
        'From: <sip:us@x>;tag=t',
        'To: <sip:them@y>;tag=f',
        'Call-ID: c',
        'CSeq: 8 INFO',
        'X: y',
        'Content-Length: 2',
        '',
        'hi',
      ].join('\r\n'),
    );
  });

  test('carries the route set, and goes to its first', () => {
    const dialog = aDialog({ routes: ['<sip:192.0.2.5;lr>', '<sip:192.0.2.6;lr>'] });
    expect(write(dialog)).toContain(
      '\r\nRoute: <sip:192.0.2.5;lr>\r\nRoute: <sip:192.0.2.6;lr>\r\n',
    );
    expect(dialog.nextHop).toBe('sip:192.0.2.5;lr');
  });

  test('goes to a strict router as that wants it (RFC 3261 §12.2.1.1)', () => {
    const wire = write(aDialog({ routes: ['<sip:192.0.2.5>', '<sip:192.0.2.6;lr>'] }));
    expect(wire).toMatch(/^INFO sip:192\.0\.2\.5 SIP/);
    expect(wire).toContain('\r\nRoute: <sip:192.0.2.6;lr>\r\nRoute: <sip:them@198.51.100.7>\r\n');
  });
});

describe('its next hop', () => {
  const behindNat = { target: 'sip:them@10.0.0.3' };
  test.each([
    ['where it was heard, if that is where it says', {}, 'channel'],
    ['the way it came when the Contact says otherwise: a NAT', behindNat, 'channel'],
    ['the same for a Contact of another port', { target: 'sip:them@198.51.100.7:9' }, 'channel'],
    [
      'where the called side asks to be reached, at its own address',
      { target: 'sip:them@198.51.100.7:9', role: 'uac' },
      'sip:them@198.51.100.7:9',
    ],
    ['the way it came when the called side is elsewhere', { ...behindNat, role: 'uac' }, 'channel'],
    [
      'the Contact, over a connection that the PBX opened',
      { ...behindNat, channel: at({ reliable: true, transport: 'tcp' }) },
      'sip:them@10.0.0.3',
    ],
    [
      'the connection that a phone opened',
      { ...behindNat, channel: at({ reliable: true, transport: 'tcp', realm: 'access' }) },
      'channel',
    ],
    [
      "a browser's connection, whatever its realm",
      { target: 'sip:x@y.invalid', channel: at({ reliable: true, transport: 'wss' }) },
      'channel',
    ],
    [
      'a private router of the called side: the way it came',
      { routes: ['<sip:192.168.1.1;lr>'], role: 'uac' },
      'channel',
    ],
    [
      'the Contact when the connection is gone',
      { channel: at({ reliable: true, realm: 'access', open: false }) },
      'sip:them@198.51.100.7',
    ],
  ] as const)('is %s', (_what, changes, expected) => {
    const dialog = aDialog(changes as Partial<ConstructorParameters<typeof Dialog>[0]>);
    expect(dialog.nextHop).toBe(expected === 'channel' ? dialog.channel : expected);
  });
});

describe('the table', () => {
  test('of the forks of one INVITE the last has the id, each its own requests', () => {
    const table = new DialogTable();
    const first = aDialog({ remoteTag: 'one' });
    const second = aDialog({ remoteTag: 'two' });
    table.add(first);
    table.add(second);
    expect(table.withId('c;from-tag=f')).toBe(second);
    expect(table.size).toBe(2);
    table.remove(first);
    expect(table.withId('c;from-tag=f')).toBe(second);
    table.remove(second);
    expect([table.size, table.withId('c;from-tag=f')]).toEqual([0, undefined]);
  });

  test('finds by Call-ID only what stands, for the one whose it is', () => {
    const table = new DialogTable();
    const dialog = aDialog();
    table.add(dialog);
    expect(table.withCallId('c', program)).toBeUndefined();
    dialog.confirmed = true;
    expect(table.withCallId('c', program)).toBe(dialog);
    expect(table.withCallId('c', { ...program })).toBeUndefined();
  });
});
