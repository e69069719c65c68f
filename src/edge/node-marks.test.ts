import { expect, test } from 'vitest';
import { aRequest } from '../../test/support/a-message.ts';
import { createNodeMarks, NODE_MARK } from './node-marks.ts';

const NOW = 1_800_000_000_000;
const marks = createNodeMarks(Buffer.alloc(32, 1));
const marked = (mark: string, headers: Record<string, string> = {}, uri?: string) =>
  aRequest({ headers: { [NODE_MARK]: mark, ...headers }, ...(uri !== undefined && { uri }) });
const mark = marks.write(aRequest(), 'the-token', NOW);

test('what one node wrote another reads, if it has the same secret', () => {
  expect(marks.read(marked(mark), NOW + 1000)).toBe('the-token');
  expect(createNodeMarks(Buffer.alloc(32, 2)).read(marked(mark), NOW)).toBeUndefined();
});

test.each([
  ['another call', marked(mark, { 'Call-ID': 'another' }), NOW],
  ['another caller', marked(mark, { From: '<sip:1001@gate.example>;tag=other' }), NOW],
  ['another number', marked(mark, {}, 'sip:1003@gate.example'), NOW],
  ['a later request', marked(mark, { CSeq: '2 INVITE' }), NOW],
  ['another phone', marked(mark.replace('the-token', 'a-token')), NOW],
  ['another day', marked(mark), NOW + 86_400_000],
  ['no mark', aRequest(), NOW],
  ['something else', marked('flow=x'), NOW],
])('it is not good for %s', (_what, request, at) => {
  expect(marks.read(request, at)).toBeUndefined();
});
