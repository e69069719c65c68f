import type { ListStatus } from '../control/lists/lists.ts';
import { duration } from './duration.ts';
import { counted, harmless, styled } from './output.ts';

/** How a list stands, as cells of a table. */
export function showList(list: ListStatus, now: number): string[] {
  const { name, mode, networks, readAt, packets, came } = list;
  const does = mode === 'shadow' ? 'would have refused' : 'refused';
  return [
    name,
    mode,
    counted(networks, 'network'),
    readAt === undefined ? 'never read' : `read ${duration(now - readAt)} ago`,
    mode === 'allow' || packets === 0
      ? ''
      : `${does} ${counted(packets, 'packet')} from ${counted(came, 'network')}`,
    failing(list, now),
  ];
}

/** What else there is to say of it, a line each. */
export function moreOfList(list: ListStatus, now: number): readonly string[] {
  const { from, overridden, notices, changedAt, nextAt, reading } = list;
  const next =
    nextAt === undefined ? 'when it changes' : `in ${duration(Math.max(0, nextAt - now))}`;
  return [
    `from ${from}`,
    changedAt === undefined ? '' : `as it is since ${duration(now - changedAt)}`,
    reading ? 'is being read just now' : `to be read ${next}`,
    overridden === 0
      ? ''
      : `${counted(overridden, 'network')} not for it to decide: allowed, your own, the PBX, trunks or excepted`,
    ...notices.map((notice) => `left out: ${harmless(notice)}`),
  ].filter((line) => line !== '');
}

function failing({ failing: why }: ListStatus, now: number): string {
  if (why === undefined) return '';
  const since = why.times === 1 ? '' : `, ${why.times} times in ${duration(now - why.since)}`;
  return styled('red', `cannot be read: ${harmless(why.text)}${since}`);
}
