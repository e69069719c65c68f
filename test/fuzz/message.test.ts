import { describe, expect, test } from 'vitest';
import { Header } from '../../src/sip/message/header-name.ts';
import { readMessage } from '../../src/sip/message/read-message.ts';
import { isSoundResponse, refusalOf } from '../../src/sip/message/validate.ts';
import { mirrored } from '../support/raw-sip.ts';
import { mutant } from './mutate.ts';
import { Random } from './random.ts';
import { readAsTheGate } from './read-as-the-gate.ts';
import { ordinaryMessages, seeds } from './seeds.ts';

const CASES = 20_000;
const SLOW_MS = 100;

/** Runs a check on mutant after mutant; one that fails is shown with its seed and its bytes. */
function forEachMutant(from: readonly string[], check: (wire: string) => void): void {
  for (let seed = 1; seed <= CASES; seed++) {
    const wire = mutant(from, new Random(seed));
    try {
      check(wire);
    } catch (cause) {
      throw new Error(`seed ${seed} fails: ${JSON.stringify(wire)}`, { cause });
    }
  }
}

describe(`${CASES} mutants`, () => {
  test('are read, judged and passed on without a throw, none of them slowly', () => {
    forEachMutant(seeds, (wire) => {
      const start = performance.now();
      readAsTheGate(wire);
      if (performance.now() - start < SLOW_MS) return;
      const again = performance.now(); // the first time it may have been the machine
      readAsTheGate(wire);
      expect(performance.now() - again).toBeLessThan(SLOW_MS);
    });
  });

  test('what is passed on is as sound as what came in, and says the same', () => {
    let passed = 0;
    forEachMutant(ordinaryMessages, (wire) => {
      const out = readAsTheGate(wire);
      if (out === undefined) return;
      passed++;
      const before = readMessage(wire);
      const after = readMessage(out);
      if (before === undefined || after === undefined) throw new Error('unreadable');
      expect(after.flaw).toBeUndefined();
      if (after.isRequest) {
        expect(refusalOf(after)).toBeUndefined();
        expect(after.list(Header.via).slice(1)).toEqual(before.list(Header.via));
        expect(after.value(Header.maxForwards)).toBe('69');
        expect(after.header('X-Gate')).toBe('yes');
      }
      for (const id of [Header.from, Header.to, Header.callId, Header.cseq, Header.contact])
        expect(after.list(id)).toEqual(before.list(id));
      expect(after.body).toBe(before.body);
    });
    expect(passed).toBeGreaterThan(CASES / 20); // else the fuzz would only try the first check
    expect(passed).toBeLessThan(CASES);
  });

  test('whatever is passed on can be answered: no transaction waits for what would be dropped', () => {
    forEachMutant(seeds, (wire) => {
      const message = readMessage(wire);
      if (!message?.isRequest || refusalOf(message) !== undefined) return;
      const out = readAsTheGate(wire) ?? '';
      const answer = readMessage(mirrored(out, 200));
      expect(answer && isSoundResponse(answer)).toBe(true);
    });
  });

  test('no line of a request that passes can be read in two ways', () => {
    forEachMutant(seeds, (wire) => {
      const message = readMessage(wire);
      if (message === undefined) return;
      if (message.isRequest ? refusalOf(message) !== undefined : !isSoundResponse(message)) return;
      const head = message.wire.slice(0, message.headEnd);
      expect(head.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
      expect(head).not.toMatch(/(?<!\\)\0/);
      for (const id of [Header.from, Header.to, Header.callId, Header.cseq])
        expect(message.count(id)).toBe(1);
    });
  });
});
