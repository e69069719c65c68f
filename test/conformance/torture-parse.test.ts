import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Header } from '../../src/sip/message/header-name.ts';
import type { Message } from '../../src/sip/message/message.ts';
import { parseNameAddress } from '../../src/sip/message/name-address.ts';
import { readMessage } from '../../src/sip/message/read-message.ts';
import { Rewrite } from '../../src/sip/message/rewrite.ts';
import { asksNextHop, isSoundResponse, refusalOf } from '../../src/sip/message/validate.ts';
import { checksums, tortureMessages } from './torture.ts';

const wireOf = (name: string): string =>
  tortureMessages.find((one) => one.name === name)?.wire ?? '';

const read = (name: string): Message => {
  const message = readMessage(wireOf(name));
  if (message === undefined) throw new Error(`${name} is not readable`);
  return message;
};

const verdictOn = (message: Message): string => {
  if (!message.isRequest) return isSoundResponse(message) ? 'passes' : 'dropped';
  const refusal = refusalOf(message);
  return refusal === undefined ? 'passes' : `${refusal.status} ${refusal.problem}`;
};

test('the 49 messages are those of the RFC', () => {
  expect(tortureMessages).toHaveLength(49);
  expect(checksums.map(([file]) => file).sort()).toEqual(
    tortureMessages.map(({ name }) => `${name}.dat`).sort(),
  );
  for (const [file, sum] of checksums) {
    const bytes = Buffer.from(wireOf(file.replace('.dat', '')), 'latin1');
    expect(createHash('sha256').update(bytes).digest('hex'), file).toBe(sum);
  }
});

describe('what is said of each', () => {
  test.each(tortureMessages)('$name ($section) $verdict: $asks', ({ name, verdict, udp }) => {
    const message = read(name);
    const said = verdictOn(message);
    expect(said).toBe(verdict);
    const passes = asksNextHop(message) ? '2xx' : 'forwarded';
    const outcome = said === 'passes' ? passes : said.split(' ')[0];
    expect(udp).toContain(outcome);
  });
});

describe('what is read of the valid ones', () => {
  test('wsinv: folds, blanks and compact forms', () => {
    const message = read('wsinv');
    expect(message).toMatchObject({
      ...{ fromTag: '98asjd8', toTag: '1918181833n', cseq: 9, cseqMethod: 'INVITE' },
      via: { host: '192.0.2.2', branch: '390skdjuw' },
    });
    expect(message.list(Header.via)).toHaveLength(3);
    expect(message.value(Header.maxForwards)).toBe('0068');
    expect(message.header('Subject')).toBe('');
    expect(message.header('NewFangledHeader')).toBe('newfangled value continued newfangled value');
    expect(message.header('UnknownHeaderWithUnusualValue')).toBe(';;,,;;,;');
    const contact = parseNameAddress(message.value(Header.contact) ?? '');
    expect(contact?.uri).toBe('sip:jdrosen@example.com');
    expect(message.body).toHaveLength(150);
  });

  test('intmeth: odd characters in every place', () => {
    const message = read('intmeth');
    expect(message.method).toBe("!interesting-Method0123456789_*+`.%indeed'~");
    expect(message.uri).toMatchObject({ host: 'example.com', headers: '' });
    expect(message.fromTag).toBe("_token~1'+`*%!-.");
    expect(message.via?.branch).toBe("z9hG4bK-.!%66*_+`'~");
  });

  test('esc02: an escaped method is not REGISTER, an escaped header name not Contact', () => {
    const message = read('esc02');
    expect(message.method).toBe('RE%47IST%45R');
    expect(message.list(Header.contact)).toHaveLength(2);
  });

  test('escnull: two contacts, not cut at %00', () => {
    const uris = read('escnull')
      .list(Header.contact)
      .map((one) => parseNameAddress(one)?.uri);
    expect(uris).toEqual(['sip:%00@host5.example.com', 'sip:%00%00@host5.example.com']);
  });

  test('longreq: all 34 Via values', () => {
    expect(read('longreq').list(Header.via)).toHaveLength(34);
  });

  test('dblreq: the second request is no part of the first', () => {
    const message = read('dblreq');
    expect(message.method).toBe('REGISTER');
    expect(message.body).toBe('');
    expect(new Rewrite(message).result()).not.toContain('INVITE');
  });

  test('semiuri: the user part keeps its semicolon', () => {
    expect(read('semiuri').uri?.user).toBe('user;par=u%40example.net');
  });

  test('mpart01: NULs in the body stay', () => {
    const message = read('mpart01');
    expect(message.body).toContain('\0');
    expect(message.bodyEnd).toBe(message.wire.length);
  });

  test('unreason and noreason: any reason, or none', () => {
    expect(read('unreason')).toMatchObject({ status: 200 });
    expect(read('noreason')).toMatchObject({ status: 100, reason: '' });
  });

  test('cparam01: the parameter is the header field’s; cparam02: it is the URI’s', () => {
    const contact = (name: string) => parseNameAddress(read(name).value(Header.contact) ?? '');
    expect(contact('cparam01')).toMatchObject({
      uri: 'sip:+19725552222@gw1.example.net',
      parameters: ';unknownparam',
    });
    expect(contact('cparam02')).toMatchObject({
      uri: 'sip:+19725552222@gw1.example.net;unknownparam',
      parameters: '',
    });
  });

  test('every message that passes is passed on byte for byte, up to its end', () => {
    for (const { name, verdict, wire } of tortureMessages.filter(
      (one) => one.verdict === 'passes',
    )) {
      const message = read(name);
      const out = new Rewrite(message).result();
      expect(wire.startsWith(out), `${name} ${verdict}`).toBe(true);
      expect(verdictOn(readMessage(out) ?? message)).toBe(verdict);
    }
  });
});
