import type { Random } from './random.ts';

type Mutation = (wire: string, random: Random, another: string) => string;

const at = (wire: string, random: Random): number => random.below(wire.length + 1);
const splice = (wire: string, from: number, to: number, text: string): string =>
  wire.slice(0, from) + text + wire.slice(to);

const lines = (wire: string): string[] => {
  const end = wire.indexOf('\r\n\r\n');
  return (end < 0 ? wire : wire.slice(0, end)).split('\r\n');
};
const withLines = (wire: string, changed: readonly string[]): string => {
  const end = wire.indexOf('\r\n\r\n');
  return changed.join('\r\n') + (end < 0 ? '' : wire.slice(end));
};
const aLine = (all: readonly string[], random: Random): number =>
  all.length < 2 ? 0 : 1 + random.below(all.length - 1);

const numbers = [
  ...['-1', '0', '00000000000000000000000000000000001', '255', '256', '65536', '2147483647'],
  ...['2147483648', '4294967295', '4294967296', '18446744073709551616', '9'.repeat(400), '1e9'],
  ...['0x7f', '+5', '1.5', ''],
];
const breaks = ['\r', '\n', '\r\n', '\n\r', '\r\r\n', '\r\n\r\n', '\r\n ', '\n\n', '\r\n\t\r\n'];
const morsels = [
  ...['"', '\\', '\\"', '<', '>', '<>', ',', ',,', ';', ';;', ':', '@', '=', '?', '%', '%00', '*'],
  ...['\0', '\x7f', '\xff', '\xc3\xa0', ' ', '\t', '      ', ';tag=', ';branch=z9hG4bK', ';rport='],
  ...['SIP/2.0', 'SIP/2.0/UDP ', 'sip:', 'sips:', 'tel:+1', '[::1]', '255.255.255.255', '[', ']'],
  ...['\r\nVia: SIP/2.0/UDP a', '\r\nl: 5', '\r\nContact: *', '\r\nRoute: <sip:127.0.0.1;lr>'],
  ...['\r\nProxy-Require: x', '\r\nMax-Forwards: 0', '\r\nExpires: 0', "' OR 1=1--", '$(id)'],
];

/** What goes wrong on the wire, in other people's stacks, and in the hands of those who wish us ill. */
const mutations: readonly Mutation[] = [
  function flipBits(wire, random) {
    const place = random.below(Math.max(1, wire.length));
    const flipped = wire.charCodeAt(place) ^ (1 << random.below(8));
    return splice(wire, place, place + 1, String.fromCharCode(flipped & 255));
  },
  function insertByte(wire, random) {
    const place = at(wire, random);
    return splice(wire, place, place, String.fromCharCode(random.below(256)));
  },
  function insertMorsel(wire, random) {
    const place = at(wire, random);
    return splice(wire, place, place, random.pick(morsels));
  },
  function deleteBytes(wire, random) {
    const place = at(wire, random);
    return splice(wire, place, place + 1 + random.below(12), '');
  },
  function repeatBytes(wire, random) {
    const from = at(wire, random);
    const piece = wire.slice(from, from + 1 + random.below(20));
    return splice(wire, from, from, piece.repeat(1 + random.below(random.pick([3, 50, 400]))));
  },
  function truncate(wire, random) {
    return wire.slice(0, at(wire, random));
  },
  function duplicateHeader(wire, random) {
    const all = lines(wire);
    all.splice(aLine(all, random), 0, all[aLine(all, random)] ?? '');
    return withLines(wire, all);
  },
  function dropHeader(wire, random) {
    const all = lines(wire);
    all.splice(aLine(all, random), 1);
    return withLines(wire, all);
  },
  function moveHeader(wire, random) {
    const all = lines(wire);
    const [moved = ''] = all.splice(aLine(all, random), 1);
    all.splice(aLine(all, random), 0, moved);
    return withLines(wire, all);
  },
  function swapValues(wire, random) {
    const all = lines(wire);
    const one = aLine(all, random);
    const other = aLine(all, random);
    const [name] = (all[one] ?? '').split(':', 1);
    all[one] = `${name}:${(all[other] ?? '').split(':').slice(1).join(':')}`;
    return withLines(wire, all);
  },
  function bombNumber(wire, random) {
    const found = [...wire.matchAll(/\d+/g)];
    if (found.length === 0) return wire;
    const { index, 0: digits } = random.pick(found);
    return splice(wire, index, index + digits.length, random.pick(numbers));
  },
  function breakLine(wire, random) {
    const found = [...wire.matchAll(/\r\n/g)];
    if (found.length === 0 || random.below(2) === 0) {
      const place = at(wire, random);
      return splice(wire, place, place, random.pick(breaks));
    }
    const { index } = random.pick(found);
    return splice(wire, index, index + 2, random.pick(breaks));
  },
  function changeCase(wire, random) {
    const place = at(wire, random);
    const piece = wire.slice(place, place + 30);
    const changed = random.below(2) === 0 ? piece.toUpperCase() : piece.toLowerCase();
    return splice(wire, place, place + 30, changed.length === piece.length ? changed : piece);
  },
  function crossOver(wire, random, another) {
    return wire.slice(0, at(wire, random)) + another.slice(at(another, random));
  },
  function append(wire, _random, another) {
    return wire + another;
  },
];

const MOST_BYTES = 60_000;

/** One to five things gone wrong with a message drawn from `seeds`: bytes, never more than a datagram holds. */
export function mutant(seeds: readonly string[], random: Random): string {
  let wire = random.pick(seeds);
  for (let times = 1 + random.below(5); times > 0; times--)
    wire = random.pick(mutations)(wire, random, random.pick(seeds));
  // a letter may leave latin1 with its case, and what is no byte cannot be sent
  return Buffer.from(wire.slice(0, MOST_BYTES), 'latin1').toString('latin1');
}
