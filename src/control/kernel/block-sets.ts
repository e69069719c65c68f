import { formatNetwork, maskOf, type Network, parseNetwork } from '../../limits/address-key.ts';
import type { Family } from './families.ts';

/** Those that are unproven do not count for familiar sources. */
export const blockKinds = ['blocked', 'unproven'] as const;
export type BlockKind = (typeof blockKinds)[number];

/** What lists of others say: `listed` does not count for familiar sources, `firm` does. */
export const listKinds = ['allowed', 'listed', 'firm'] as const;
export type ListKind = (typeof listKinds)[number];

/**
 * A set of networks of one length: their first addresses, looked up with the bits behind masked away. Sets of ranges would
 * do for all lengths, but those may not overlap, and nft reads all of such a set back for each change.
 */
export interface NetworkSet {
  readonly kind: BlockKind | ListKind | 'known';
  readonly family: Family;
  readonly bits: number;
}

/** What is in a set. */
export interface Place {
  readonly set: NetworkSet;
  readonly element: string;
}

export const knownSets: readonly NetworkSet[] = [
  { kind: 'known', family: 4, bits: 32 },
  { kind: 'known', family: 6, bits: 64 },
];

/** Nearly all blocks are of these lengths. */
export const usualSets: readonly NetworkSet[] = [
  ...blockKinds.flatMap((kind) => [
    { kind, family: 4 as const, bits: 32 },
    { kind, family: 6 as const, bits: 64 },
  ]),
  ...knownSets,
];

/** A network as an element of the sets of its length. */
export interface Element {
  readonly family: Family;
  readonly bits: number;
  readonly element: string;
}

/** Undefined for what is no network; nothing else gets into the text of a change. */
export function elementOf(text: string): Element | undefined {
  const network = parseNetwork(text);
  if (network === undefined) return undefined;
  const { family, bits } = network;
  return { family, bits, element: firstAddress(network) };
}

export function placeOf(kind: NetworkSet['kind'], text: string): Place | undefined {
  const found = elementOf(text);
  return found && placeIn(kind, found);
}

export const placeIn = (kind: NetworkSet['kind'], { family, bits, element }: Element): Place => ({
  set: { kind, family, bits },
  element,
});

export const nameOf = ({ kind, family, bits }: NetworkSet): string => `${kind}${family}_${bits}`;

/** What of a packet is looked up in it. */
export function keyOf({ family, bits }: NetworkSet): string {
  const source = family === 4 ? 'ip saddr' : 'ip6 saddr';
  const whole = family === 4 ? 32 : 128;
  return bits === whole ? source : `${source} & ${maskText(family, bits)}`;
}

/** How often whoever is let through came nobody asks. */
export const isCounted = ({ kind }: NetworkSet): boolean => kind !== 'known' && kind !== 'allowed';

export function definitionOf(set: NetworkSet): string {
  const type = set.family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  const counter = isCounted(set) ? ' counter;' : '';
  return `set ${nameOf(set)} { type ${type}; flags timeout;${counter} }`;
}

/**
 * An element that no packet matches, and that is missing only when somebody emptied the set. Undefined for networks so
 * wide that it would be somebody's.
 */
export function canaryOf({ family, bits }: NetworkSet): string | undefined {
  if (bits < 8) return undefined;
  // "this network" (RFC 1122), and what is thrown away (RFC 6666)
  return family === 4 ? '0.0.0.0' : '100::';
}

function firstAddress({ family, words }: Network): string {
  return formatNetwork({ family, words, bits: family === 4 ? 32 : 128 });
}

function maskText(family: Family, bits: number): string {
  const words = Int32Array.from({ length: family === 4 ? 1 : 4 }, (_, index) =>
    maskOf(Math.min(32, Math.max(0, bits - index * 32))),
  );
  return firstAddress({ family, words, bits });
}
