import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { asText } from './log.ts';

const shown = (fields: object) =>
  stripVTControlCharacters(
    asText(JSON.stringify({ level: 'warn', time: '2026-01-02T03:04:05.678Z', ...fields })),
  );

test('a line for a person: time, level, message, fields', () => {
  expect(shown({ msg: 'PBX does not answer', node: 'pbx1', failures: 3 })).toBe(
    '03:04:05 warn  PBX does not answer  node=pbx1 failures=3\n',
  );
});

test('a text with spaces is quoted', () => {
  expect(shown({ msg: 'x', why: 'no route' })).toBe('03:04:05 warn  x  why="no route"\n');
});

test('a stack stands below the line', () => {
  expect(shown({ msg: 'x', stack: 'Error: y\n  at z' })).toBe(
    '03:04:05 warn  x\nError: y\n  at z\n',
  );
});

test('what came from the network cannot drive the terminal', () => {
  const hostile = '\u001b]0;owned\u0007';
  expect(
    asText(JSON.stringify({ level: 'info', time: '', msg: hostile, userAgent: hostile })),
  ).not.toContain('\u0007');
});
