import type { EnforcementBatch, Until } from '../../data/messages.ts';
import {
  blockKinds,
  elementOf,
  knownSets,
  listKinds,
  type NetworkSet,
  nameOf,
  type Place,
  placeIn,
  placeOf,
  usualSets,
} from './block-sets.ts';
import type { ListedNetwork } from './listed.ts';

/** One difference that a batch makes to what is in the sets. */
export interface Change extends Place {
  readonly kind: 'add' | 'replace' | 'remove';
  readonly until: Until;
}

export interface Kept {
  readonly network: string;
  readonly until: Until;
  /** By `performance.now()`. */
  readonly since: number;
}

interface Elements {
  readonly set: NetworkSet;
  readonly kept: Map<string, Kept>;
}

/** What is to be in the kernel's sets: from this they are made anew when they are lost. */
export class Mirror {
  readonly #sets = new Map<string, Elements>();

  constructor() {
    for (const set of usualSets) this.#elementsOf(set);
  }

  get sets(): readonly NetworkSet[] {
    return [...this.#sets.values()].map(({ set }) => set);
  }

  get counts(): Readonly<Record<NetworkSet['kind'], number>> {
    const counts = { blocked: 0, unproven: 0, allowed: 0, listed: 0, firm: 0, known: 0 };
    for (const { set, kept } of this.#sets.values()) counts[set.kind] += kept.size;
    return counts;
  }

  in(set: NetworkSet): ReadonlyMap<string, Kept> {
    return this.#elementsOf(set).kept;
  }

  /** Takes the batch in, and says what that changes. */
  take({ blocks, familiar }: EnforcementBatch, now: number): readonly Change[] {
    const changes: Change[] = [];
    for (const { network, forgeable, until } of blocks) {
      const element = elementOf(network);
      if (element === undefined) continue;
      const wanted = forgeable ? 'unproven' : 'blocked';
      for (const kind of blockKinds) {
        const place = placeIn(kind, element);
        if (kind === wanted && stands(until, now)) changes.push(this.#put(place, network, until));
        else changes.push(...this.#remove(place, now));
      }
    }
    for (const { network, until } of familiar) {
      const place = placeOf('known', network);
      if (place === undefined || !isSetOfKnown(place.set)) continue;
      if (stands(until, now)) changes.push(this.#put(place, network, until));
      else changes.push(...this.#remove(place, now));
    }
    return changes;
  }

  /** From now on lists name these. Says what that changes. */
  takeListed(listed: Iterable<ListedNetwork>): readonly Change[] {
    const changes: Change[] = [];
    const gone = new Map<string, Set<string>>();
    for (const [name, { set, kept }] of this.#sets)
      if (isOfLists(set)) gone.set(name, new Set(kept.keys()));
    for (const { kind, network } of listed) {
      const place = placeOf(kind, network);
      if (place === undefined) continue;
      gone.get(nameOf(place.set))?.delete(place.element);
      const isThere = this.#sets.get(nameOf(place.set))?.kept.has(place.element) === true;
      if (!isThere) changes.push(this.#put(place, network, undefined));
    }
    for (const [name, elements] of gone)
      for (const element of elements) {
        const set = this.#sets.get(name)?.set;
        if (set !== undefined) changes.push(...this.#remove({ set, element }, 0));
      }
    return changes;
  }

  /** What the kernel has let go by itself. */
  forgetExpired(now: number): void {
    for (const { kept } of this.#sets.values())
      for (const [element, { until }] of kept) if (!stands(until, now)) kept.delete(element);
  }

  #put(place: Place, network: string, until: Until): Change {
    const { kept } = this.#elementsOf(place.set);
    const before = kept.get(place.element);
    kept.set(place.element, { network, until, since: performance.now() });
    return { ...place, kind: before === undefined ? 'add' : 'replace', until };
  }

  /** Nothing, for what was not there or has gone by itself. */
  #remove(place: Place, now: number): readonly Change[] {
    const kept = this.#sets.get(nameOf(place.set))?.kept;
    const before = kept?.get(place.element);
    if (kept === undefined || before === undefined) return [];
    kept.delete(place.element);
    return stands(before.until, now) ? [{ ...place, kind: 'remove', until: undefined }] : [];
  }

  #elementsOf(set: NetworkSet): Elements {
    const name = nameOf(set);
    let elements = this.#sets.get(name);
    if (elements === undefined) {
      elements = { set, kept: new Map() };
      this.#sets.set(name, elements);
    }
    return elements;
  }
}

const stands = (until: Until, now: number): boolean => until === undefined || until > now;

const isOfLists = ({ kind }: NetworkSet): boolean => listKinds.some((one) => one === kind);

const isSetOfKnown = (set: NetworkSet): boolean =>
  knownSets.some(({ family, bits }) => family === set.family && bits === set.bits);
