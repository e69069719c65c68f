import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { createTimerWheel, type Timer, type TimerWheel } from './timer-wheel.ts';

const open: TimerWheel[] = [];
afterEach(() => {
  for (const wheel of open.splice(0)) wheel.close();
});

/** A wheel whose clock a test turns by hand. */
function byHand(faults: unknown[] = []) {
  const clock = { ms: 0 };
  const wheel = createTimerWheel({ now: () => clock.ms, onFault: (fault) => faults.push(fault) });
  open.push(wheel);
  const goTo = (ms: number) => {
    clock.ms = ms;
    wheel.advance(ms);
  };
  return { clock, wheel, goTo };
}

const live = (faults: unknown[] = []) => {
  const wheel = createTimerWheel({ onFault: (fault) => faults.push(fault) });
  open.push(wheel);
  return wheel;
};

describe('a timer', () => {
  test('runs once, with its owner, not before its time and within a tick after', () => {
    const { wheel, goTo } = byHand();
    const ran: string[] = [];
    const timer = wheel.start(495, (owner: string) => ran.push(owner), 'call');
    goTo(494);
    expect({ ran, armed: timer.armed, size: wheel.size }).toEqual({
      ran: [],
      armed: true,
      size: 1,
    });
    goTo(505);
    goTo(10_000);
    expect({ ran, armed: timer.armed, size: wheel.size }).toEqual({
      ran: ['call'],
      armed: false,
      size: 0,
    });
  });

  test('that is stopped never runs, and stopping again does nothing', () => {
    const { wheel, goTo } = byHand();
    const timer = wheel.start(20, () => expect.fail('ran'), undefined);
    wheel.stop(timer);
    wheel.stop(timer);
    expect(wheel.size).toBe(0);
    goTo(1000);
  });

  test('that is restarted runs only at its new time, sooner or later', () => {
    const { wheel, clock, goTo } = byHand();
    const at: number[] = [];
    const timer = wheel.start(100, () => at.push(clock.ms), undefined);
    goTo(50);
    wheel.restart(timer, 100);
    for (const ms of [100, 140, 150, 160]) goTo(ms);
    wheel.restart(timer, 86_400_000);
    wheel.restart(timer, 20);
    for (const ms of [170, 180, 190]) goTo(ms);
    expect(at).toEqual([150, 180]);
  });

  test('may stop and restart others, and itself, while it runs', () => {
    const { wheel, goTo } = byHand();
    const ran: string[] = [];
    const first: Timer = wheel.start(
      50,
      () => {
        ran.push('first');
        wheel.stop(second);
        wheel.restart(third, 100);
        if (ran.length === 1) wheel.restart(first, 0);
      },
      undefined,
    );
    const second = wheel.start(50, () => ran.push('second'), undefined);
    const third = wheel.start(50, () => ran.push('third'), undefined);
    goTo(50);
    expect(ran).toEqual(['first']);
    goTo(60);
    expect(ran).toEqual(['first', 'first']);
    goTo(160);
    expect(ran).toEqual(['first', 'first', 'third']);
  });

  test('that throws is reported and stops no other', () => {
    const faults: unknown[] = [];
    const { wheel, goTo } = byHand(faults);
    const ran: number[] = [];
    const problem = new Error('a fault of ours');
    for (const n of [1, 2, 3])
      wheel.start(
        30,
        (owner: number) => {
          if (owner === 2) throw problem;
          ran.push(owner);
        },
        n,
      );
    goTo(30);
    expect({ ran, faults }).toEqual({ ran: [1, 3], faults: [problem] });
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('of %d ms is refused', (delayMs) => {
    const { wheel } = byHand();
    expect(() => wheel.start(delayMs, () => {}, undefined)).toThrow(RangeError);
    expect(wheel.size).toBe(0);
  });
});

describe('the wheel', () => {
  const day = 86_400_000;

  test.each([10, 2550, 2560, 2570, 655_350, 655_360, 655_370, day, 167_772_160, 7 * day, 60 * day])(
    'keeps a delay of %d ms to the tick',
    (delayMs) => {
      for (const start of [0, 2550, 655_350, 600 * day]) {
        const { wheel, goTo } = byHand();
        const ran: string[] = [];
        goTo(start);
        wheel.start(delayMs, () => ran.push('ran'), undefined);
        goTo(start + delayMs - 1);
        expect(ran).toEqual([]);
        goTo(start + delayMs);
        expect(ran).toEqual(['ran']);
      }
    },
  );

  test('after a long stall runs everything that fell due, in order, and nothing else', () => {
    const { wheel, goTo } = byHand();
    const ran: number[] = [];
    for (const ms of [900_000, 30, 5000, 20, 900_010, 3_700_000])
      wheel.start(ms, (owner: number) => ran.push(owner), ms);
    goTo(3_600_000);
    expect(ran).toEqual([20, 30, 5000, 900_000, 900_010]);
    expect(wheel.size).toBe(1);
  });

  test('a timer that restarts itself for now does not keep a catching-up wheel busy', () => {
    const { wheel, clock, goTo } = byHand();
    let runs = 0;
    const again = () => {
      runs++;
      wheel.restart(timer, 0);
    };
    const timer: Timer = wheel.start(10, again, undefined);
    goTo(60_000);
    expect(runs).toBe(1);
    clock.ms = 60_005;
    goTo(60_010);
    expect(runs).toBe(2);
  });

  test('closed forgets its timers and runs nothing more', () => {
    const { wheel, goTo } = byHand();
    wheel.start(10, () => expect.fail('ran'), undefined);
    wheel.close();
    const late = wheel.start(10, () => expect.fail('ran'), undefined);
    goTo(1000);
    expect([wheel.size, late.armed]).toEqual([0, false]);
  });

  test('does what a naive list of timers does', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('start'), ms: fc.nat(3000) }),
      fc.record({ do: fc.constant('start'), ms: fc.nat(1_500_000) }),
      fc.record({ do: fc.constant('start'), ms: fc.nat(100 * day) }),
      fc.record({ do: fc.constant('restart'), which: fc.nat(), ms: fc.nat(200_000) }),
      fc.record({ do: fc.constant('stop'), which: fc.nat() }),
      fc.record({ do: fc.constant('pass'), ms: fc.nat(1000) }),
      fc.record({ do: fc.constant('pass'), ms: fc.nat(700_000) }),
      fc.record({ do: fc.constant('pass'), ms: fc.nat(20 * day) }),
    ) as fc.Arbitrary<
      | { do: 'start'; ms: number }
      | { do: 'restart'; which: number; ms: number }
      | { do: 'stop'; which: number }
      | { do: 'pass'; ms: number }
    >;

    fc.assert(
      fc.property(fc.nat(10_000_000), fc.array(step, { maxLength: 80 }), (start, steps) => {
        const { wheel, clock, goTo } = byHand();
        goTo(start);
        const timers: Timer[] = [];
        const deadlines: number[] = [];
        const ran: number[] = [];
        const expected: number[] = [];
        const deadline = (ms: number) =>
          Math.max(Math.ceil((clock.ms + ms) / 10), Math.floor(clock.ms / 10) + 1) * 10;

        for (const action of steps) {
          const which = 'which' in action ? action.which % (timers.length || 1) : 0;
          const timer = timers[which];
          if (action.do === 'start') {
            deadlines.push(deadline(action.ms));
            timers.push(wheel.start(action.ms, (n: number) => ran.push(n), timers.length));
          } else if (action.do === 'restart' && timer) {
            deadlines[which] = deadline(action.ms);
            wheel.restart(timer, action.ms);
          } else if (action.do === 'stop' && timer) {
            deadlines[which] = Number.POSITIVE_INFINITY;
            wheel.stop(timer);
          } else if (action.do === 'pass') {
            const before = ran.length;
            goTo(clock.ms + action.ms);
            const due = [...deadlines.entries()].filter(([, at]) => at <= clock.ms);
            for (const [n] of due) deadlines[n] = Number.POSITIVE_INFINITY;
            expected.push(...due.map(([n]) => n));
            // Same tick, any order; otherwise the earlier first.
            const when = new Map(due);
            const order = ran.slice(before).map((n) => when.get(n) ?? -1);
            expect(order).toEqual([...order].sort((a, b) => a - b));
          }
          expect(wheel.size).toBe(deadlines.filter(Number.isFinite).length);
          expect(timers.map(({ armed }) => armed)).toEqual(deadlines.map(Number.isFinite));
        }
        expect([...ran].sort()).toEqual(expected.sort());
        wheel.close();
      }),
      { numRuns: 500 },
    );
  });
});

describe('on a real clock', () => {
  test('timers run by themselves, never early', async () => {
    const wheel = live();
    const early: number[] = [];
    let ran = 0;
    for (let n = 0; n < 300; n++) {
      const ms = (n * 7) % 200;
      const from = performance.now();
      wheel.start(
        ms,
        () => {
          ran++;
          if (performance.now() - from < ms) early.push(ms);
        },
        undefined,
      );
    }
    await expect.poll(() => ran).toBe(300);
    expect({ early, size: wheel.size }).toEqual({ early: [], size: 0 });
  });

  test('a sooner timer is not kept waiting by a later one', async () => {
    const wheel = live();
    let ran = false;
    wheel.start(3_600_000, () => {}, undefined);
    await pause(20);
    wheel.start(20, () => (ran = true), undefined);
    await expect.poll(() => ran, { timeout: 500 }).toBe(true);
  });

  test('a burst that falls due at once lets sockets have their turn in between', async () => {
    const wheel = live();
    let ran = 0;
    let seenOnTheWay = 0;
    for (let n = 0; n < 50_000; n++) wheel.start(30, () => ran++, undefined);
    const busyUntil = performance.now() + 60;
    while (performance.now() < busyUntil);
    const poll = () => {
      if (ran > 0 && ran < 50_000) seenOnTheWay++;
      if (ran < 50_000) setImmediate(poll);
    };
    poll();
    await expect.poll(() => ran).toBe(50_000);
    expect(seenOnTheWay).toBeGreaterThan(0);
  });

  test('a fault in the fault report does not stop the wheel', () => {
    const clock = { ms: 0 };
    const wheel = createTimerWheel({
      now: () => clock.ms,
      onFault: (fault) => {
        throw fault;
      },
    });
    open.push(wheel);
    let ran = false;
    wheel.start(
      10,
      () => {
        throw new Error('first');
      },
      undefined,
    );
    wheel.start(20, () => (ran = true), undefined);
    clock.ms = 10;
    expect(() => wheel.advance(10)).toThrow('first');
    clock.ms = 20;
    wheel.advance(20);
    expect(ran).toBe(true);
  });

  test('an armed timer does not keep the process alive', () => {
    const module = new URL('./timer-wheel.ts', import.meta.url).href;
    const program = `import { createTimerWheel } from '${module}';
      const wheel = createTimerWheel({ onFault() {} });
      wheel.start(60_000, () => {}, undefined);
      process.on('exit', () => console.log('ended with', wheel.size));`;
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 10_000,
      encoding: 'utf8',
    });
    expect(said).toBe('ended with 1\n');
  });

  test('nothing armed, nothing scheduled', async () => {
    let looks = 0;
    const wheel = createTimerWheel({
      now: () => {
        looks++;
        return performance.now();
      },
      onFault: () => {},
    });
    open.push(wheel);
    wheel.stop(wheel.start(10, () => {}, undefined));
    const before = looks;
    await pause(60);
    expect(looks).toBe(before);
  });
});
