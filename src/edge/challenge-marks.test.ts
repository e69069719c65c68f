import { describe, expect, test } from 'vitest';
import { digestParameter } from '../sip/message/digest.ts';
import { ChallengeMarks } from './challenge-marks.ts';

const challenge = 'Digest realm="asterisk",nonce="1795922239/b476",opaque="76de",algorithm=MD5';
const key = Buffer.from('some key');
/** As a client answers: it returns nonce and opaque. */
const answered = (marked: string) =>
  ['nonce', 'opaque'].reduce(
    (credentials, name) => `${credentials}, ${name}="${digestParameter(marked, name)}"`,
    'Digest username="1001"',
  );

describe('the mark of a challenge', () => {
  test('comes back from the source it went to, and from no other', () => {
    const marks = new ChallengeMarks();
    const credentials = answered(marks.mark(challenge, '192.0.2.1', 0));
    expect(marks.cameBack(credentials, '192.0.2.1', 1000)).toBe(true);
    expect(marks.cameBack(credentials, '192.0.2.2', 1000)).toBe(false);
  });

  test('of a challenge of our own says so, and comes back alike', () => {
    const marks = new ChallengeMarks(key);
    const own = answered(marks.markOwn(challenge, '192.0.2.1', 0));
    expect(marks.cameBack(own, '192.0.2.1', 1000)).toBe(true);
    expect(marks.cameBack(own, '192.0.2.2', 1000)).toBe(false);
    expect(marks.areForOurs(own)).toBe(true);
    expect(marks.areForOurs(answered(marks.mark(challenge, '192.0.2.1', 0)))).toBe(false);
  });

  test('is another each time, though the nonce be the same', () => {
    const marks = new ChallengeMarks();
    const [one, other] = ['192.0.2.1', '192.0.2.2'].map((source) =>
      answered(marks.mark(challenge, source, 0)),
    );
    expect(one).not.toBe(other);
    expect(marks.cameBack(one ?? '', '192.0.2.2', 0)).toBe(false);
  });

  test('begins in no way that would tell which gate made it', () => {
    const beginning = (marks: ChallengeMarks) =>
      digestParameter(marks.mark(challenge, '192.0.2.1', 0), 'opaque')?.slice(0, 4);
    expect(beginning(new ChallengeMarks())).not.toBe(beginning(new ChallengeMarks()));
    expect(beginning(new ChallengeMarks(key))).toBe(beginning(new ChallengeMarks(key)));
  });

  test('is good for five minutes', () => {
    const marks = new ChallengeMarks();
    const credentials = answered(marks.mark(challenge, '192.0.2.1', 0));
    expect(marks.cameBack(credentials, '192.0.2.1', 299_999)).toBe(true);
    expect(marks.cameBack(credentials, '192.0.2.1', 300_000)).toBe(false);
  });

  test('is none in what somebody makes up, or in credentials without opaque', () => {
    const marks = new ChallengeMarks();
    for (const forged of ['opaque="AAAAAAAAAAAAAAAA"', 'opaque="AAAA"', 'opaque="76de"', 'a="b"'])
      expect(marks.cameBack(`Digest ${forged}`, '192.0.2.1', 0)).toBe(false);
  });

  test('survives a flood of a hundred thousand others', () => {
    const marks = new ChallengeMarks();
    for (let other = 0; other < 80_000; other++) marks.mark(challenge, `flood ${other}`, 0);
    const credentials = answered(marks.mark(challenge, '192.0.2.1', 1));
    // of these eight fall upon its set once in 25,000 times, of 50,000 once in a hundred
    for (let other = 0; other < 20_000; other++) marks.mark(challenge, `flood ${other}`, 2);
    expect(marks.cameBack(credentials, '192.0.2.1', 3)).toBe(true);
  });

  test.each([
    ['what the PBX had there comes back to it', challenge, '76de'],
    ['where it had nothing, nothing does', 'Digest realm="pbx", nonce="n"', undefined],
    ['where it had nothing in it, that does', 'Digest nonce="n", opaque=""', ''],
  ])('is the gate’s own affair: %s', (_what, original, opaque) => {
    const credentials = answered(new ChallengeMarks(key).mark(original, '192.0.2.1', 0));
    const afterRestart = new ChallengeMarks(key).takeOut(credentials);
    expect(digestParameter(afterRestart, 'opaque')).toBe(opaque);
    expect(digestParameter(afterRestart, 'username')).toBe('1001');
  });

  test('is looked for only where it can be', () => {
    const marks = new ChallengeMarks(key);
    const opaque = digestParameter(marks.mark(challenge, '192.0.2.1', 0), 'opaque') ?? '';
    for (const credentials of [
      'Digest opaque="76de"',
      `Digest username="${opaque}", opaque="7"`,
      `Basic ${opaque}`,
    ])
      expect(marks.takeOut(credentials)).toBe(credentials);
  });
});

describe('what the PBX took', () => {
  const taken = (marks: ChallengeMarks) => {
    const credentials = answered(marks.mark(challenge, '192.0.2.1', 0));
    marks.took(credentials, '1001', '192.0.2.1', 1000);
    return credentials;
  };

  test('is worn out when it is refused later, and that once', () => {
    const marks = new ChallengeMarks();
    const credentials = taken(marks);
    expect(marks.areWornOut(credentials, '1001', '192.0.2.1')).toBe(true);
    expect(marks.areWornOut(credentials, '1001', '192.0.2.1')).toBe(false);
  });

  test.each([
    ['another extension', '1002', '192.0.2.1'],
    ['another source', '1001', '192.0.2.2'],
  ])('says nothing of %s', (_whose, extension, source) => {
    const marks = new ChallengeMarks();
    expect(marks.areWornOut(taken(marks), extension, source)).toBe(false);
  });

  test('says nothing of what answers another challenge, with the same nonce, or none of ours', () => {
    const marks = new ChallengeMarks();
    taken(marks);
    const other = answered(marks.mark(challenge, '192.0.2.1', 0));
    expect(marks.areWornOut(other, '1001', '192.0.2.1')).toBe(false);
    marks.took('Digest opaque="76de"', '1001', '192.0.2.1', 0);
    expect(marks.areWornOut('Digest opaque="76de"', '1001', '192.0.2.1')).toBe(false);
  });
});
