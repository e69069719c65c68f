import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Ending, Life } from './life.ts';
import type { Legacy, LivingGate } from './living-gate.ts';

const DEADLINE_SECONDS = 300;
const HEIR = 77;

let life: Life;
let ending: Ending | undefined;
let logged: string[];
/** What was asked of the gate and of the heir, in order. */
let did: string[];
/** What is waited for. */
let drained: PromiseWithResolvers<void>;
let found: PromiseWithResolvers<void>;
let released: PromiseWithResolvers<void>;
let succeeded: PromiseWithResolvers<void>;
let done: PromiseWithResolvers<void>;
let heirEnded: PromiseWithResolvers<string>;

const doing = (what: string) => (): void => void did.push(what);

beforeEach(() => {
  vi.useFakeTimers();
  logged = [];
  did = [];
  drained = Promise.withResolvers();
  found = Promise.withResolvers();
  released = Promise.withResolvers();
  succeeded = Promise.withResolvers();
  done = Promise.withResolvers();
  heirEnded = Promise.withResolvers();
  const write = (line: string) => void logged.push(JSON.parse(line).msg);
  life = new Life(pino({ level: 'info' }, { write }));
  ending = undefined;
  void life.ended.then((why) => {
    ending = why;
  });
});
afterEach(() => vi.useRealTimers());

const gate: LivingGate = {
  manager: {
    ready: doing('ready'),
    reloading: doing('reloading'),
    stopping: (_status, forMs) => did.push(`stopping in ${forMs / 1000} s`),
    watch: doing('watch'),
  },
  standing: () => (life.draining ? 'draining' : 'serving'),
  proveAlive: async () => {},
  underWay: () => ({ calls: 2, ringing: 1 }),
  deadlineSeconds: () => DEADLINE_SECONDS,
  reload: async () => doing('reload')(),
  drain() {
    did.push('drain');
    return drained.promise;
  },
  async startHeir(_program, givenUp) {
    did.push('start an heir');
    givenUp.addEventListener('abort', doing('give up'));
    await found.promise;
    return {
      pid: HEIR,
      ended: heirEnded.promise,
      kill: doing('kill'),
      succeed() {
        did.push('succeed');
        return succeeded.promise;
      },
    };
  },
  async giveAway(): Promise<Legacy> {
    did.push('give away');
    await released.promise;
    return { link: 'link', boot: Buffer.from('boot'), done: done.promise };
  },
  record: ({ text }) => did.push(`record: ${text}`),
};

/** All that can happen without time passing. */
const settle = () => vi.advanceTimersByTimeAsync(0);

/** All was given away to an heir that was killed meanwhile. */
function heirIsNoMore(): void {
  released.resolve();
  succeeded.reject(new Error('It ended.'));
}

const handOver = () => life.handOver(['node', 'main.ts']);

const serving = [() => life.serve(gate)];
const finding = [
  ...serving,
  () => void handOver().catch((error: Error) => did.push(`refused: ${error.message}`)),
];
const handing = [...finding, () => found.resolve(), () => vi.advanceTimersByTimeAsync(50)];
const given = [...handing, () => released.resolve()];
/** What leads to each state. */
const ways = {
  opening: [],
  serving,
  draining: [...serving, () => life.askedToEnd()],
  'finding an heir': finding,
  'handing over': handing,
  'handed over': [...given, () => succeeded.resolve()],
  'without an heir': [...given, () => succeeded.reject(new Error('It ended.'))],
};

async function reach(state: keyof typeof ways): Promise<void> {
  for (const step of ways[state]) {
    await step();
    await settle();
  }
  did = [];
  logged = [];
}

describe('what a signal does', () => {
  test.each([
    ['opening', []],
    ['serving', ['reloading', 'reload', 'ready']],
    ['draining', ['reload']],
    ['finding an heir', ['reload']],
    ['handing over', []],
    ['handed over', []],
    ['without an heir', []],
  ] as const)('SIGHUP, %s', async (state, expected) => {
    await reach(state);
    life.askedToReload();
    await settle();
    expect(did).toEqual(expected);
    expect(ending).toBeUndefined();
  });

  const drains = ['stopping in 305 s', 'drain'];
  const refused = 'refused: The gate was asked to end: nothing was handed over.';

  test.each([
    ['opening', [], 'asked'],
    ['serving', drains, undefined],
    ['draining', [], 'asked'],
    ['finding an heir', ['give up', ...drains, refused], undefined],
    ['handing over', ['give up', 'succeed', 'kill', ...drains], undefined],
    ['handed over', [], 'asked'],
    ['without an heir', [], 'asked'],
  ] as const)('SIGTERM, %s', async (state, expected, ends) => {
    await reach(state);
    life.askedToEnd();
    // as it is with an heir that was killed
    if (state === 'finding an heir') found.reject(new Error('It ended.'));
    if (state === 'handing over') heirIsNoMore();
    await settle();
    expect(did).toEqual(expected);
    expect(ending).toBe(ends);
    expect(life.endAsked).toBe(true);
  });

  test.each([
    ['opening', []],
    ['serving', []],
    ['draining', []],
    ['finding an heir', ['give up']],
    ['handing over', ['give up']],
    ['handed over', []],
    ['without an heir', []],
  ] as const)('a second SIGTERM, %s: it ends at once', async (state, expected) => {
    await reach(state);
    life.askedToEndAgain();
    await settle();
    expect(did).toEqual(expected);
    expect(ending).toBe('asked');
  });
});

test.each([
  ['opening', false],
  ['serving', false],
  ['draining', true],
  ['finding an heir', true],
  ['handing over', true],
  ['handed over', true],
  ['without an heir', true],
] as const)('%s, new calls are better sent elsewhere: %s', async (state, elsewhere) => {
  await reach(state);
  expect(life.draining).toBe(elsewhere);
});

describe('while it opens', () => {
  test('a SIGHUP waits until it serves', async () => {
    life.askedToReload();
    life.serve(gate);
    await settle();
    expect(did).toEqual(['ready', 'watch', 'reloading', 'reload', 'ready']);
  });

  test('an error that nobody caught ends the process', () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
    life.fault(new Error('sabotage'));
    expect(exit).toHaveBeenCalledWith(1);
    expect(logged).toEqual(['an error nobody caught; the process ends so that it is restarted']);
    exit.mockRestore();
  });
});

describe('a drain', () => {
  test('ends with the last call', async () => {
    await reach('draining');
    drained.resolve();
    await settle();
    expect(ending).toBe('asked');
    await vi.advanceTimersByTimeAsync(DEADLINE_SECONDS * 1000);
    expect(logged).toEqual([]);
  });

  test('ends at the deadline', async () => {
    await reach('draining');
    await vi.advanceTimersByTimeAsync(DEADLINE_SECONDS * 1000 - 1);
    expect(ending).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(ending).toBe('asked');
    expect(logged).toEqual(['the drain deadline has passed']);
  });
});

describe('a hand-over', () => {
  test.each([
    'draining',
    'finding an heir',
    'handing over',
    'handed over',
    'without an heir',
  ] as const)('is refused: %s', async (state) => {
    await reach(state);
    await expect(handOver()).rejects.toThrow('ending already, or handing over');
    expect(did).toEqual([]);
  });

  test('goes on once the asker has its answer', async () => {
    await reach('serving');
    found.resolve();
    expect(await handOver()).toEqual({ process: HEIR });
    expect(did).toEqual(['start an heir']);
    await vi.advanceTimersByTimeAsync(50);
    expect(did).toEqual(['start an heir', 'give away']);
    released.resolve();
    await settle();
    expect(did.at(-1)).toBe('succeed');
    succeeded.resolve();
    await settle();
    expect(logged).toEqual(['handing over to another process', 'handed over']);
  });

  test('to an heir that cannot begin leaves all as it was, and another is tried', async () => {
    await reach('serving');
    const refused = handOver();
    found.reject(new Error('a setting is wrong'));
    await expect(refused).rejects.toThrow('a setting is wrong');
    expect(life.draining).toBe(false);
    found = Promise.withResolvers();
    found.resolve();
    expect(await handOver()).toEqual({ process: HEIR });
  });

  test('gives nothing away where the gate is asked to end before it begins', async () => {
    await reach('serving');
    found.resolve();
    await handOver();
    life.askedToEnd();
    await vi.advanceTimersByTimeAsync(1000);
    expect(did).toEqual(['start an heir', 'give up', 'stopping in 305 s', 'drain']);
  });

  test('that was done ends the process with the last call, as asked', async () => {
    await reach('handed over');
    done.resolve();
    await settle();
    expect(ending).toBe('asked');
  });

  test('to an heir that dies ends it with the last call, to be started anew', async () => {
    await reach('handed over');
    heirEnded.resolve('SIGKILL');
    await settle();
    expect(ending).toBeUndefined();
    done.resolve();
    await settle();
    expect(ending).toBe('faulty');
  });

  test('that nobody takes drains alone, and the process is started anew', async () => {
    await reach('handing over');
    heirIsNoMore();
    await settle();
    expect(did).toEqual(['succeed', 'kill', 'watch', 'drain']);
    expect(logged).toEqual(['nobody took over: no new calls, and the process ends']);
    drained.resolve();
    await settle();
    expect(ending).toBe('faulty');
  });

  test('that is given up drains alone, as asked', async () => {
    await reach('handing over');
    life.askedToEnd();
    heirIsNoMore();
    await settle();
    expect(logged).toEqual(['asked to end while handing over: nobody takes over, no new calls']);
    drained.resolve();
    await settle();
    expect(ending).toBe('asked');
  });

  test.each([
    ['handing over', 'faulty'],
    ['handed over', 'asked'],
    ['without an heir', 'faulty'],
  ] as const)('ends at the deadline, %s: %s', async (state, why) => {
    await reach(state);
    await vi.advanceTimersByTimeAsync(DEADLINE_SECONDS * 1000);
    expect(ending).toBe(why);
  });
});

test('the first reason to end holds', async () => {
  await reach('serving');
  life.end('crashed');
  life.askedToEndAgain();
  await settle();
  expect(ending).toBe('crashed');
});

test('an error that nobody caught ends no call: it serves on, and ends when none is left', async () => {
  await reach('serving');
  life.fault(new Error('sabotage'));
  await vi.advanceTimersByTimeAsync(5000);
  expect(did).toEqual(['record: the control plane failed: sabotage']);
  expect([life.faults, life.draining, ending]).toEqual([1, false, undefined]);
  await vi.advanceTimersByTimeAsync(DEADLINE_SECONDS * 1000);
  expect(ending).toBe('faulty');
});
