import { describe, expect, test } from 'vitest';
import { sourceOf } from './packed-address.ts';
import { type Reach, Registrations } from './registrations.ts';
import type { BindingRow } from './registrations-store.ts';

const NOW = 1_000_000;
const HOUR = 3_600_000;

const aReach = (changes: Partial<Reach> = {}): Reach => ({
  flow: 'flow-1',
  transport: 'udp',
  listener: 'udp:192.0.2.1:5060',
  address: '198.51.100.7',
  port: 5060,
  toward: 'contact',
  expiresAt: NOW + 300_000,
  userAgent: 'T',
  callId: 'c',
  cseq: 1,
  node: 'pbx-1',
  instance: '',
  ...changes,
});

/** Registrations, and what the store was told: `saved 1001@a.test sip:1`. */
function kept(most = 100, rows: readonly BindingRow[] = []) {
  const told: string[] = [];
  const disk = new Map<string, BindingRow>();
  const registrations = new Registrations(
    {
      saved: (row) => {
        told.push(`saved ${row.aor} ${row.contact}`);
        disk.set(row.token, { ...row });
      },
      removed: (row) => {
        told.push(`removed ${row.aor} ${row.contact}`);
        disk.delete(row.token);
      },
    },
    most,
    rows,
  );
  const add = (aor: string, contact: string, reach: Partial<Reach> = {}) => {
    registrations.add(aor, contact, `${aor} ${contact}`, aReach(reach));
    const binding = registrations.named(`${aor} ${contact}`, 0);
    if (binding === undefined) throw new Error('not added');
    return binding;
  };
  return { registrations, told, disk, add };
}

describe('who is registered', () => {
  test('is found by the user part in every domain, and by nothing else', () => {
    const { registrations, add } = kept();
    const [here, there] = [add('1001@a.test', 'sip:1'), add('1001@b.test', 'sip:2')];
    add('1002@a.test', 'sip:3');
    expect(registrations.ofUser('1001')).toEqual([here, there]);
    expect(registrations.ofUser('1003')).toEqual([]);
  });

  test('is found in a domain that nobody was in before, after any number of others', () => {
    const { registrations, add } = kept();
    for (let domain = 0; domain < 200; domain++)
      registrations.remove(add(`1001@d${domain}.test`, 'sip:1'));
    const [one, two] = [add('1001@new.test', 'sip:1'), add('1001@newer.test', 'sip:1')];
    expect(registrations.ofUser('1001')).toEqual([one, two]);
    expect(registrations.of('1001@newer.test')).toEqual([two]);
    expect(registrations.hasUser('1001', NOW)).toBe(true);
    expect(registrations.whereIs('1001', 'flow-1', '', NOW)).toBe('flow');
    expect(registrations.whereIs('1001', '', '198.51.100.7', NOW)).toBe('address');
    registrations.remove(one);
    expect(registrations.withUser('1001', NOW)).toBe(two);
    registrations.remove(two);
    expect(registrations.ofUser('1001')).toEqual([]);
    expect(registrations.hasUser('1001', NOW)).toBe(false);
  });

  test('is found by a user part that has an @ in it', () => {
    const { registrations, add } = kept();
    const binding = add('1001@home@a.test', 'sip:1');
    expect(registrations.ofUser('1001@home')).toEqual([binding]);
    expect(registrations.ofUser('1001')).toEqual([]);
  });

  test('is known by the source, an IPv6 one by its /64, as long as anybody there is', () => {
    const { registrations, add } = kept();
    const first = add('1001@a.test', 'sip:1', { address: '2001:db8::1' });
    const second = add('1002@a.test', 'sip:2', { address: '2001:db8::2' });
    const [v6, v4] = [sourceOf('2001:db8::99'), '198.51.100.7'];
    expect([registrations.hasSource(v6), registrations.hasSource(v4)]).toEqual([true, false]);
    registrations.remove(first);
    expect(registrations.hasSource(v6)).toBe(true);
    registrations.refresh(second, aReach({ address: v4 }), NOW);
    expect([registrations.hasSource(v6), registrations.hasSource(v4)]).toEqual([false, true]);
    registrations.remove(second);
    expect(registrations.hasSource(v4)).toBe(false);
  });
});

describe('a binding', () => {
  test('is found by its extension and by its token, and stored', () => {
    const { registrations, told, add } = kept();
    const binding = add('1001@a.test', 'sip:1');
    expect(registrations.of('1001@a.test')).toEqual([binding]);
    expect(registrations.named(binding.token, NOW)).toBe(binding);
    expect([...registrations.all()]).toEqual([binding]);
    expect(registrations.of('1002@a.test')).toEqual([]);
    expect(told).toEqual(['saved 1001@a.test sip:1']);
  });

  test('stands beside others of its extension, and goes without them', () => {
    const { registrations, told, add } = kept();
    const [one, two] = [add('1001@a.test', 'sip:1'), add('1001@a.test', 'sip:2')];
    registrations.remove(one);
    expect(registrations.of('1001@a.test')).toEqual([two]);
    expect(registrations.named(one.token, 0)).toBeUndefined();
    registrations.remove(two);
    expect([registrations.size, registrations.of('1001@a.test')]).toEqual([0, []]);
    expect(told.slice(2)).toEqual(['removed 1001@a.test sip:1', 'removed 1001@a.test sip:2']);
  });

  test('is removed once', () => {
    const { registrations, told, add } = kept();
    const binding = add('1001@a.test', 'sip:1');
    registrations.remove(binding);
    const again = add('1001@a.test', 'sip:1');
    registrations.remove(binding);
    expect(registrations.of('1001@a.test')).toEqual([again]);
    expect(told).toHaveLength(3);
  });

  test('is not named once it has expired', () => {
    const { registrations, add } = kept();
    const { token } = add('1001@a.test', 'sip:1', { expiresAt: NOW + 1 });
    expect(registrations.named(token, NOW)).toBeDefined();
    expect(registrations.named(token, NOW + 1)).toBeUndefined();
  });

  test.each([HOUR, -HOUR])(
    'lasts as long though the clock is set by %i ms, on disk as well',
    (by) => {
      const { registrations, add, disk } = kept();
      const { token, changedAt } = add('1001@a.test', 'sip:1', { expiresAt: NOW + 1 });
      registrations.clockSet(by);
      expect(registrations.named(token, NOW + by)).toBeDefined();
      expect(registrations.named(token, NOW + by + 1)).toBeUndefined();
      expect(disk.get(token)?.expiresAt).toBe(NOW + by + 1);
      expect(disk.get(token)?.changedAt).toBeGreaterThan(changedAt);
    },
  );
});

test('a flow is held for as long as one binding is reached by it', () => {
  const { registrations, add } = kept();
  const [one, two] = [add('1001@a.test', 'sip:1'), add('1002@a.test', 'sip:2')];
  registrations.refresh(one, aReach({ flow: 'flow-2' }), NOW);
  expect(['flow-1', 'flow-2'].map((flow) => registrations.holds(flow))).toEqual([true, true]);
  registrations.remove(two);
  expect(['flow-1', 'flow-2'].map((flow) => registrations.holds(flow))).toEqual([false, true]);
  registrations.remove(one);
  expect(registrations.holds('flow-2')).toBe(false);
});

describe('a refresh', () => {
  const later = (seconds: number, changes: Partial<Reach> = {}) =>
    aReach({ expiresAt: NOW + (300 + seconds) * 1000, cseq: 2, ...changes });

  test('changes the binding in place', () => {
    const { registrations, add } = kept();
    const binding = add('1001@a.test', 'sip:1');
    registrations.refresh(binding, later(10, { port: 9, userAgent: 'U' }), NOW + 10_000);
    expect(registrations.named(binding.token, NOW)).toBe(binding);
    expect(binding).toMatchObject({ port: 9, userAgent: 'U', cseq: 2 });
    expect(registrations.size).toBe(1);
  });

  test('that only says again is not stored', () => {
    const { registrations, told, add } = kept();
    registrations.refresh(add('1001@a.test', 'sip:1'), later(30), NOW + 30_000);
    expect(told).toHaveLength(1);
  });

  test.each<[string, Partial<Reach>]>([
    ['another flow', { flow: 'flow-2' }],
    ['another PBX node', { node: 'pbx-2' }],
    ['another way to tell the PBX', { toward: 'path' }],
    ['an earlier end', { expiresAt: NOW + 60_000 }],
  ])('that says something new is stored: %s', (_what, changes) => {
    const { registrations, told, disk, add } = kept();
    const binding = add('1001@a.test', 'sip:1');
    registrations.refresh(binding, later(30, changes), NOW + 30_000);
    expect(told).toHaveLength(2);
    expect(disk.get(binding.token)).toMatchObject(changes);
  });

  test('is stored so often that the disk always knows of half the time that is left', () => {
    const { registrations, told, disk, add } = kept();
    const binding = add('1001@a.test', 'sip:1');
    for (let seconds = 30; seconds <= 3600; seconds += 30) {
      const now = NOW + seconds * 1000;
      registrations.refresh(binding, later(seconds), now);
      const known = (disk.get(binding.token)?.expiresAt ?? 0) - now;
      expect(known).toBeGreaterThanOrEqual((binding.expiresAt - now) / 2);
    }
    expect(told.length).toBeLessThan(30);
  });
});

describe('by the user alone', () => {
  test('a phone is found when it is the only one, in whatever domain', () => {
    const { registrations, add } = kept();
    add('1002@a.test', 'sip:2');
    const binding = add('1001@b.test', 'sip:1');
    expect(registrations.withUser('1001', NOW)).toBe(binding);
    expect(registrations.withUser('1003', NOW)).toBeUndefined();
    expect(registrations.withUser('', NOW)).toBeUndefined();
  });

  test('none of several is, but one that is left when the others expired is', () => {
    const { registrations, add } = kept();
    const lasting = add('1001@a.test', 'sip:1');
    add('1001@b.test', 'sip:1', { expiresAt: NOW + 1000 });
    expect(registrations.withUser('1001', NOW)).toBeUndefined();
    expect(registrations.withUser('1001', NOW + 2000)).toBe(lasting);
  });
});

test('the sweep finds all that has expired within a minute, and nothing else', () => {
  const { registrations, told, add } = kept(1000);
  for (let user = 0; user < 500; user++)
    add(`${user}@a.test`, 'sip:x', { expiresAt: NOW + (user % 2 === 0 ? 1000 : 100_000) });
  for (let second = 0; second < 60; second++) registrations.sweep(NOW + 2000 + second * 1000);
  expect(registrations.size).toBe(250);
  expect(told.filter((one) => one.startsWith('removed'))).toHaveLength(250);
  expect([...registrations.all()].every(({ expiresAt }) => expiresAt > NOW + 2000)).toBe(true);
});

test('the sweep goes round and round, whatever comes and goes meanwhile', () => {
  const { registrations, add } = kept();
  registrations.sweep(NOW);
  const one = add('1@a.test', 'sip:x', { expiresAt: NOW + 1000 });
  registrations.remove(one);
  add('2@a.test', 'sip:x', { expiresAt: NOW + 1000 });
  for (let second = 0; second < 5; second++) registrations.sweep(NOW + 2000);
  expect(registrations.size).toBe(0);
});

test('it is full at its limit, and not when one has gone', () => {
  const { registrations, add } = kept(2);
  const one = add('1@a.test', 'sip:x');
  expect(registrations.full).toBe(false);
  add('2@a.test', 'sip:x');
  expect(registrations.full).toBe(true);
  registrations.remove(one);
  expect(registrations.full).toBe(false);
});

test('what the last run kept is there, and the disk is not told of it (X9)', () => {
  const before = kept();
  before.add('1001@a.test', 'sip:1');
  const { registrations, told } = kept(100, [...before.disk.values()]);
  const [binding] = registrations.of('1001@a.test');
  expect(binding).toMatchObject({ contact: 'sip:1', flow: 'flow-1', node: 'pbx-1' });
  expect(registrations.withUser('1001', NOW)).toBe(binding);
  expect(told).toEqual([]);
});

describe('what the last run kept lasts no longer than it was granted', () => {
  const granted = (at: number): BindingRow => ({
    ...aReach({ expiresAt: at + HOUR }),
    ...{ aor: '1001@a.test', contact: 'sip:1', token: 't', changedAt: at },
  });

  test.each([
    ['where the clock was a year ahead then', 365 * 24 * HOUR, 0],
    ['where it is a year behind now, until it is set', 365 * 24 * HOUR, 365 * 24 * HOUR],
    ['nor shorter where all is well', -HOUR / 2, 0],
  ])('%s', (_when, ahead, setBy) => {
    const now = Date.now();
    const { registrations } = kept(100, [granted(now + ahead)]);
    registrations.clockSet(setBy);
    const ends = now + setBy + Math.min(HOUR, HOUR + ahead);
    expect(registrations.named('t', ends - 1000)).toBeDefined();
    expect(registrations.named('t', ends + 1000)).toBeUndefined();
  });
});

describe('what other nodes hold', () => {
  function sharing() {
    const told: string[] = [];
    const disk: string[] = [];
    const note = (list: string[]) => ({
      saved: (row: BindingRow) => void list.push(`saved ${row.contact}`),
      removed: (row: BindingRow) => void list.push(`removed ${row.contact}`),
    });
    const registrations = new Registrations(note(disk), 100, [], note(told));
    return { registrations, told, disk };
  }
  const row = (changedAt: number, changes: Partial<BindingRow> = {}): BindingRow => ({
    ...aReach(),
    ...{ aor: '1001@a.test', contact: 'sip:1', token: 't', changedAt },
    expiresAt: changedAt + 300_000,
    ...changes,
  });

  test('is known like what this one holds, but is told to nobody and kept on no disk', () => {
    const { registrations, told, disk } = sharing();
    registrations.adopt(row(NOW), 'b', NOW);
    expect(registrations.named('t', NOW)).toMatchObject({ gate: 'b', contact: 'sip:1' });
    expect(registrations.hasUser('1001', NOW)).toBe(true);
    expect(registrations.hasSource('198.51.100.7')).toBe(true);
    expect([registrations.size, registrations.elsewhere]).toEqual([1, 1]);
    registrations.sweep(NOW + 400_000);
    expect([registrations.size, registrations.elsewhere]).toEqual([0, 0]);
    expect([told, disk]).toEqual([[], []]);
  });

  test('and is kept on disk where it was this node’s before that had lost it', () => {
    const { registrations, told, disk } = sharing();
    registrations.adopt(row(NOW), '', NOW);
    expect([registrations.size, registrations.elsewhere]).toEqual([1, 0]);
    expect([told, disk]).toEqual([[], ['saved sip:1']]);
  });

  test('is this node’s from the next registration on that comes here', () => {
    const { registrations, told, disk } = sharing();
    registrations.adopt(row(NOW), 'b', NOW);
    const binding = registrations.named('t', NOW);
    if (binding === undefined) throw new Error('not there');
    registrations.refresh(binding, aReach({ flow: 'flow-2' }), NOW + 10);
    expect(binding).toMatchObject({ gate: '', changedAt: NOW + 10 });
    expect(registrations.elsewhere).toBe(0);
    expect([told, disk]).toEqual([['saved sip:1'], ['saved sip:1']]);
    // the other node had not heard of it yet
    registrations.adopt(row(NOW + 5), 'b', NOW + 20);
    expect(binding.gate).toBe('');
  });

  test('is this node’s then also where the clock of the other is ahead', () => {
    const { registrations } = sharing();
    const there = row(NOW + 60_000, { expiresAt: NOW + 300_000 });
    registrations.adopt(there, 'b', NOW);
    const binding = registrations.named('t', NOW);
    if (binding === undefined) throw new Error('not there');
    registrations.refresh(binding, aReach({ flow: 'flow-2' }), NOW + 10);
    expect(binding.changedAt).toBeGreaterThan(there.changedAt);
  });

  test('a phone that went to another node is no longer this one’s', () => {
    const { registrations, told, disk } = sharing();
    registrations.add('1001@a.test', 'sip:1', 't', aReach({ expiresAt: Date.now() + 300_000 }));
    const later = Date.now() + 10;
    registrations.adopt(row(later, { flow: 'there', address: '198.51.100.8' }), 'b', later);
    expect(registrations.named('t', later)).toMatchObject({ gate: 'b', flow: 'there' });
    expect(registrations.holds('flow-1')).toBe(false);
    expect([
      registrations.hasSource('198.51.100.7'),
      registrations.hasSource('198.51.100.8'),
    ]).toEqual([false, true]);
    expect(disk).toEqual(['saved sip:1', 'removed sip:1']);
    expect(told).toEqual(['saved sip:1']);
  });

  test('ends where it was taken back, but for a phone that has registered since', () => {
    const { registrations, told } = sharing();
    registrations.adopt(row(NOW), 'b', NOW);
    registrations.goneElsewhere('t', NOW - 1);
    expect(registrations.size).toBe(1);
    registrations.goneElsewhere('t', NOW);
    expect(registrations.size).toBe(0);
    registrations.adopt(row(NOW), 'b', NOW);
    const binding = registrations.named('t', NOW);
    if (binding !== undefined) registrations.remove(binding);
    expect(told).toEqual(['removed sip:1']);
  });

  test.each([HOUR, -HOUR])(
    'lasts by the clock there: that this one’s was set by %i ms changes nothing',
    (by) => {
      const { registrations, told, disk } = sharing();
      registrations.adopt(row(NOW), 'b', NOW);
      registrations.clockSet(by);
      expect(registrations.named('t', NOW)).toMatchObject({
        gate: 'b',
        expiresAt: row(NOW).expiresAt,
      });
      expect([told, disk]).toEqual([[], []]);
    },
  );

  test('takes no more room than there is', () => {
    const registrations = new Registrations({ saved() {}, removed() {} }, 1, []);
    registrations.adopt(row(NOW), 'b', NOW);
    registrations.adopt(row(NOW, { token: 'u', contact: 'sip:2' }), 'b', NOW);
    expect(registrations.size).toBe(1);
  });
});
