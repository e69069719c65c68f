import type { EmergencyPass, Until } from '../../data/messages.ts';
import { type NetworkSet, nameOf, placeOf } from './block-sets.ts';
import type { Change, Kept } from './mirror.ts';

/** Elements to a command: one with a hundred thousand would be held whole several times over. */
const MOST_ELEMENTS = 1000;
const DAY_MS = 86_400_000;

/** Everything that is to be in a set. */
export function* allElements(
  table: string,
  set: NetworkSet,
  kept: ReadonlyMap<string, Kept>,
  now: number,
): Generator<string> {
  let waiting: string[] = [];
  for (const [element, { until }] of kept) {
    waiting.push(withTimeout(element, until, now));
    if (waiting.length < MOST_ELEMENTS) continue;
    yield command('add', table, nameOf(set), waiting);
    waiting = [];
  }
  if (waiting.length > 0) yield command('add', table, nameOf(set), waiting);
}

/**
 * The commands that make these changes, in order. What may or may not be there is added first, so that its removal cannot
 * fail: a single error would undo them all.
 */
export function changeCommands(
  table: string,
  changes: readonly Change[],
  now: number,
): readonly string[] {
  const commands: string[] = [];
  for (let from = 0; from < changes.length; ) {
    const first = changes[from] as Change;
    let to = from + 1;
    while (to < changes.length && to - from < MOST_ELEMENTS && goTogether(first, changes[to])) to++;
    const run = changes.slice(from, to);
    from = to;
    const name = nameOf(first.set);
    const bare = run.map(({ element }) => element);
    if (first.kind !== 'add')
      commands.push(command('add', table, name, bare), command('delete', table, name, bare));
    if (first.kind !== 'remove') {
      const ending = run.map(({ element, until }) => withTimeout(element, until, now));
      commands.push(command('add', table, name, ending));
    }
  }
  return commands;
}

export function passCommands(
  table: string,
  passes: readonly EmergencyPass[],
  now: number,
): readonly string[] {
  return passes.flatMap(({ address, port, until }) => {
    const place = placeOf('known', address);
    if (place === undefined) return [];
    const name = `passes${place.set.family}`;
    const element = `${place.element} . ${port}`;
    return [
      command('add', table, name, [element]),
      command('delete', table, name, [element]),
      command('add', table, name, [withTimeout(element, until, now)]),
    ];
  });
}

const goTogether = (one: Change, other: Change | undefined): boolean =>
  one.kind === other?.kind && nameOf(one.set) === nameOf(other.set);

const command = (
  verb: 'add' | 'delete',
  table: string,
  set: string,
  elements: readonly string[],
): string => `${verb} element inet ${table} ${set} { ${elements.join(', ')} }`;

/** To the millisecond: the kernel forgets no later than we do. */
function withTimeout(element: string, until: Until, now: number): string {
  if (until === undefined) return element;
  const left = Math.max(1, Math.round(until - now));
  // nft reads no number beyond 32 bits
  const days = Math.floor(left / DAY_MS);
  const seconds = Math.floor((left % DAY_MS) / 1000);
  return `${element} timeout ${days}d${seconds}s${left % 1000}ms`;
}
