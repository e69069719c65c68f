import type { Exception } from '../policy/exceptions.ts';
import { duration } from './duration.ts';
import { harmless, styled } from './output.ts';

/** One in columns: whether it holds, its name, its rule, for whom, why. */
export function showException(one: Exception, now: number): string[] {
  const left = one.endsAt - now;
  return [
    left > 0 ? styled('yellow', `${duration(left)} left`) : styled('gray', 'ended'),
    harmless(one.name),
    one.rule,
    whomFor(one),
    harmless(one.by === undefined ? one.why : `${one.why} (${one.by})`),
  ];
}

const whomFor = ({ extension, group, source }: Exception): string =>
  [
    extension && `extension ${harmless(extension)}`,
    group && `group ${harmless(group)}`,
    source && `from ${source}`,
  ]
    .filter(Boolean)
    .join(', ');
