import { describe, expect, test } from 'vitest';
import type { PbxNodeSettings } from './edge-settings.ts';
import { Pbx } from './pbx.ts';

const observer = { up() {}, down() {} };

/** Nodes called a, b, c…, each with what is said of it. */
function pbxOf(nodes: readonly Partial<PbxNodeSettings>[], before?: Pbx): Pbx {
  return new Pbx(
    {
      nodes: nodes.map((settings, index) => {
        const name = 'abcdefgh'.charAt(index);
        return { name, uri: `sip:${name}.test`, weight: 1, drain: false, ...settings };
      }),
      health: { everySeconds: 5, timeoutSeconds: 2, downAfter: 2, upAfter: 2 },
      tryNextAfterMs: 3000,
      sources: [],
    },
    observer,
    before,
  );
}

/** The names of the nodes tried for an extension, in order: `bca`. */
const order = (pbx: Pbx, extension: string, registeredOn?: string): string =>
  pbx
    .targetsFor(extension, registeredOn)
    .map((target) => pbx.nodeOf(target)?.settings.name)
    .join('');

function say(pbx: Pbx, up: Readonly<Record<string, boolean>>): Pbx {
  for (const node of pbx.nodes) node.up = up[node.settings.name];
  return pbx;
}

const extensions = Array.from({ length: 4000 }, (_, index) => String(1000 + index));

describe('which node is tried first (S4)', () => {
  test('is always the same for an extension, and every other follows', () => {
    const pbx = pbxOf([{}, {}, {}]);
    for (const extension of extensions.slice(0, 50)) {
      expect(order(pbx, extension)).toBe(order(pbxOf([{}, {}, {}]), extension));
      expect([...order(pbx, extension)].toSorted().join('')).toBe('abc');
    }
  });

  test.each([
    ['even', [1, 1, 1]],
    ['uneven', [1, 2, 5]],
    ['heavy', [1, 99]],
  ])('is spread by weight: %s', (_how, weights) => {
    const pbx = pbxOf(weights.map((weight) => ({ weight })));
    const total = weights.reduce((sum, weight) => sum + weight);
    weights.forEach((weight, index) => {
      const share = weight / total;
      const wanted = extensions.length * share;
      const got = extensions.filter(
        (extension) => order(pbx, extension).charAt(0) === 'abc'.charAt(index),
      ).length;
      const deviation = Math.sqrt(wanted * (1 - share));
      expect(Math.abs(got - wanted)).toBeLessThan(4 * deviation);
    });
  });

  test('changes for nobody but those of a node that goes', () => {
    const three = pbxOf([{}, {}, {}]);
    const two = say(pbxOf([{}, {}, {}]), { a: true, b: false, c: true });
    for (const extension of extensions.slice(0, 300))
      expect(order(two, extension)).toBe(order(three, extension).replace('b', ''));
  });

  test('is where the extension is registered, while that is up', () => {
    for (const extension of extensions.slice(0, 50)) {
      expect(order(pbxOf([{}, {}, {}]), extension, 'c')).toMatch(/^c/);
      const down = say(pbxOf([{}, {}, {}]), { a: true, b: true, c: false });
      expect(order(down, extension, 'c')).toMatch(/^(ab|ba)$/);
      expect(order(pbxOf([{}, {}]), extension, 'gone')).toMatch(/^(ab|ba)$/);
    }
  });
});

describe('which nodes are tried at all', () => {
  test('those that are up, or of which nothing is known yet', () => {
    const pbx = say(pbxOf([{}, {}, {}]), { a: true, b: false });
    expect([...order(pbx, '1001')].toSorted().join('')).toBe('ac');
  });

  test('all when all are down', () => {
    const pbx = say(pbxOf([{}, {}]), { a: false, b: false });
    expect(order(pbx, '1001')).toMatch(/^(ab|ba)$/);
  });

  test('and it is known that none answers', () => {
    const pbx = pbxOf([{}, {}]);
    expect(pbx.down).toBe(false);
    expect(say(pbx, { a: true, b: false }).down).toBe(false);
    expect(say(pbx, { a: false, b: false }).down).toBe(true);
  });

  test('not one that drains, but for whom it has', () => {
    const pbx = pbxOf([{ drain: true }, {}, {}]);
    expect(order(pbx, '1001')).toMatch(/^(bc|cb)$/);
    expect(order(pbx, '1001', 'a')).toMatch(/^a(bc|cb)$/);
  });

  test('one that is down before one that drains, and that one before none', () => {
    expect(order(say(pbxOf([{ drain: true }, {}]), { a: true, b: false }), '1001')).toBe('b');
    expect(order(pbxOf([{ drain: true }, { drain: true }]), '1001')).toMatch(/^(ab|ba)$/);
    expect(order(say(pbxOf([{ drain: true }, { drain: true }]), { a: false, b: true }), '1')).toBe(
      'b',
    );
    expect(
      order(say(pbxOf([{ drain: true }, { drain: true }]), { a: false, b: false }), '1'),
    ).toMatch(/^(ab|ba)$/);
  });

  test('the only one, whatever is said of it', () => {
    expect(order(say(pbxOf([{ drain: true }]), { a: false }), '1001')).toBe('a');
  });
});

describe('a reload', () => {
  test('keeps what is known of nodes that stay, by where they are', () => {
    const before = say(pbxOf([{}, {}]), { a: false, b: true });
    const [first, second] = before.nodes;
    if (first === undefined || second === undefined) throw new Error('two nodes');
    second.latencyMs = 3;
    second.dropsPath = true;
    const after = pbxOf(
      [{ uri: 'sip:b.test', name: 'renamed', drain: true }, { uri: 'sip:new.test' }],
      before,
    );
    expect(after.nodes.map(({ up }) => up)).toEqual([true, undefined]);
    expect(after.node('renamed')).toMatchObject({ latencyMs: 3, dropsPath: true });
  });
});
