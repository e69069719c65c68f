/** A value of the MaxMind DB format, as far as countries need it. */
type Value = string | number | readonly string[] | { readonly [key: string]: Value };

const MARKER = Buffer.from('abcdef4d61784d696e642e636f6d', 'hex');
const NO_DATA_YET = 16;

/** A MaxMind DB file that says the country of networks of 16 bits, such as `127.240`, and of nothing else. */
export function countryFile(countries: Readonly<Record<string, string>>): Buffer {
  const nodes: [number | undefined, number | undefined][] = [[undefined, undefined]];
  const data: Buffer[] = [];
  const leaves: { readonly node: number; readonly bit: 0 | 1; readonly offset: number }[] = [];
  for (const [network, code] of Object.entries(countries)) {
    const bits = network
      .split('.')
      .map((byte) => Number(byte).toString(2).padStart(8, '0'))
      .join('');
    let node = 0;
    for (const [depth, text] of [...bits].entries()) {
      const bit = text === '1' ? 1 : 0;
      if (depth === bits.length - 1) leaves.push({ node, bit, offset: Buffer.concat(data).length });
      else node = below(nodes, node, bit);
    }
    data.push(encoded({ country: { iso_code: code } }));
  }
  const tree = Buffer.alloc(nodes.length * 6);
  for (const [index, pair] of nodes.entries())
    for (const bit of [0, 1] as const) {
      const leaf = leaves.find((one) => one.node === index && one.bit === bit);
      const to = leaf === undefined ? pair[bit] : nodes.length + NO_DATA_YET + leaf.offset;
      tree.writeUIntBE(to ?? nodes.length, index * 6 + bit * 3, 3);
    }
  const metadata = encoded({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 0,
    database_type: 'Test-Country',
    description: { en: 'for tests' },
    ip_version: 4,
    languages: ['en'],
    node_count: nodes.length,
    record_size: 24,
  });
  return Buffer.concat([tree, Buffer.alloc(NO_DATA_YET), ...data, MARKER, metadata]);
}

function below(
  nodes: [number | undefined, number | undefined][],
  node: number,
  bit: 0 | 1,
): number {
  const pair = nodes[node] ?? [undefined, undefined];
  const known = pair[bit];
  if (known !== undefined) return known;
  nodes.push([undefined, undefined]);
  pair[bit] = nodes.length - 1;
  return nodes.length - 1;
}

function encoded(value: Value): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([control(2, value.length), Buffer.from(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  if (Array.isArray(value))
    return Buffer.concat([control(11, value.length), ...value.map((one: string) => encoded(one))]);
  const entries = Object.entries(value);
  return Buffer.concat([
    control(7, entries.length),
    ...entries.flatMap(([key, inner]) => [encoded(key), encoded(inner)]),
  ]);
}

/** Types beyond 7 stand in a byte of their own. */
const control = (type: number, size: number): Buffer =>
  type < 8 ? Buffer.from([(type << 5) | size]) : Buffer.from([size, type - 7]);
