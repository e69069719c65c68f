import { describe, expect, test } from 'vitest';
import { FlowHolders } from './flow-holders.ts';
import { FormerFlows } from './former-flows.ts';

/** Phones that register, over connections named as the test likes, and what is known of where they were. */
function phones() {
  const flows = new FlowHolders();
  const former = new FormerFlows((flow) => flows.has(flow));
  const register = (flow: string, { aor = '1001@a.test', callId = 'a device' } = {}) => {
    const phone = { aor, callId, flow, expiresAt: 1000 };
    flows.add(flow, phone);
    return phone;
  };
  type Phone = ReturnType<typeof register>;
  const move = (phone: Phone, flow: string) => {
    former.moved(phone);
    flows.remove(phone.flow, phone);
    flows.add(flow, phone);
    phone.flow = flow;
  };
  const remove = (phone: Phone) => {
    flows.remove(phone.flow, phone);
    former.removed(phone);
  };
  return { former, register, move, remove, now: (flow: string) => former.now(flow, 0) };
}

describe('who is meant by a flow that is gone', () => {
  test('the one who was reached by it, wherever that is now, for as long as it is registered', () => {
    const { former, register, move, remove, now } = phones();
    const phone = register('one');
    expect(now('one')).toBeUndefined();
    move(phone, 'two');
    expect([now('one'), now('two'), now('other')]).toEqual(['two', undefined, undefined]);
    move(phone, 'three');
    expect([now('one'), now('two')]).toEqual(['three', 'three']);
    expect(former.now('one', 1000)).toBeUndefined();
    remove(phone);
    expect([now('one'), now('two')]).toEqual([undefined, undefined]);
  });

  test('of many moves the last four count', () => {
    const { register, move, now } = phones();
    const phone = register('0');
    for (let at = 1; at <= 6; at++) move(phone, String(at));
    expect(['0', '1', '2', '3', '4', '5'].map(now)).toEqual([
      undefined,
      undefined,
      ...['6', '6', '6', '6'],
    ]);
  });

  test('of several that shared it all, once they are together again', () => {
    const { register, move, now } = phones();
    const [first, second] = [register('one'), register('one', { aor: '1002@a.test' })];
    move(first, 'two');
    expect(now('one')).toBeUndefined();
    move(second, 'elsewhere');
    expect(now('one')).toBeUndefined();
    move(second, 'two');
    expect(now('one')).toBe('two');
  });

  test.each(['before', 'after'])(
    'nobody, when one of several is registered no more: gone %s the other moved',
    (when) => {
      const { register, move, remove, now } = phones();
      const [stays, goes] = [register('one'), register('one', { aor: '1002@a.test' })];
      if (when === 'before') remove(goes);
      move(stays, 'two');
      if (when === 'after') remove(goes);
      expect(now('one')).toBeUndefined();
    },
  );

  test('a device that names itself anew, once its old name is gone; not another of the same extension', () => {
    const { former, register, remove, now } = phones();
    const before = register('one');
    const after = register('two');
    former.succeeds(after, before);
    const other = register('three', { callId: 'another device' });
    expect(now('one')).toBeUndefined();
    remove(before);
    expect(now('one')).toBe('two');
    remove(other);
    expect(now('one')).toBe('two');
    remove(after);
    expect(now('one')).toBeUndefined();
  });
});
