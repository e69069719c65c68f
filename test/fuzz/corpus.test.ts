import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readMessage } from '../../src/sip/message/read-message.ts';
import { isSoundResponse } from '../../src/sip/message/validate.ts';
import { mirrored } from '../support/raw-sip.ts';
import { readAsTheGate } from './read-as-the-gate.ts';

const folder = new URL('../corpus/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.dat'));

test.each(files)('%s breaks us no more', (file) => {
  const wire = readFileSync(new URL(file, folder)).toString('latin1');
  const start = performance.now();
  const passedOn = readAsTheGate(wire);
  expect(performance.now() - start).toBeLessThan(200);
  if (passedOn === undefined || passedOn.startsWith('SIP/')) return;
  const answer = readMessage(mirrored(passedOn, 200));
  expect(answer && isSoundResponse(answer)).toBe(true);
});
