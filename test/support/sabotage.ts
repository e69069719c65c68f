import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { rulesOf } from '../../src/policy/registry.ts';

/**
 * Loaded before a process by `--import`: does to it what stands in a file, as a fault in the program would. `control throw`
 * and `data throw` are errors that nobody catches, `control hang 3000` and `data hang 3000` are so many milliseconds in
 * which that thread does nothing else, and `rule no-guests` makes the rule throw whatever it is asked. Which order a thread
 * has read stands in a file of its own beside. `saboteur.ts` gives them.
 */

const file = process.env.SABOTAGE;
const LOOK_EVERY_MS = 20;
const plane = isMainThread ? 'control' : 'data';
let broken = '';

type Says = (...given: readonly unknown[]) => unknown;

/** A rule, whatever it is asked about. */
interface Breakable {
  readonly name: string;
  create(...given: readonly unknown[]): { readonly judge: Says; readonly explain: Says };
}

if (file !== undefined) {
  for (const rule of Object.values(rulesOf).flat()) makeBreakable(rule);
  let done = '';
  setInterval(() => {
    const order = readFileSync(file, 'utf8');
    if (order === done) return;
    done = order;
    writeFileSync(`${file}.${plane}`, order);
    const [where, what = '', ms] = order.split(' ');
    if (where === 'rule') broken = what;
    if (where === plane && what === 'throw') throw new Error('sabotage');
    if (where === plane && what === 'hang') hang(Number(ms));
  }, LOOK_EVERY_MS).unref();
}

function makeBreakable(rule: { readonly name: string }): void {
  const { name, create } = rule as Breakable;
  Object.assign(rule, {
    create(...given: readonly unknown[]) {
      const { judge, explain } = create(...given);
      return { judge: unlessBroken(name, judge), explain: unlessBroken(name, explain) };
    },
  });
}

function unlessBroken(name: string, say: Says): Says {
  return (...given) => {
    if (broken === name) throw new Error('sabotage');
    return say(...given);
  };
}

function hang(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
