import type { StoredEvent } from '../control/events/events-database.ts';
import { harmless, styled } from './output.ts';

/** One event for a person: when, what, who, why. */
export function showEvent({ id, event }: StoredEvent, withTrail: boolean): string {
  const { kind, source, port, transport, extension, number, reason, rule, count, text } = event;
  const { callId, status } = event;
  const who = [
    extension,
    number === undefined ? undefined : `→ ${number}`,
    source === undefined
      ? undefined
      : `from ${transport ?? ''} ${source}${port === undefined ? '' : `:${port}`}`,
  ];
  const why = reason === undefined ? [] : [rule === undefined ? reason : `${reason}, by ${rule}`];
  const line = [
    styled('gray', `#${id}`),
    new Date(event.at).toISOString(),
    styled(
      event.level === 'alert' ? 'red' : event.level === 'warn' ? 'yellow' : 'gray',
      kind.padEnd(10),
    ),
    ...[
      event.method,
      ...who,
      ...why,
      event.exception && `excepted by ${event.exception}`,
      kind === 'call-ended' && status !== undefined ? `${text}, ${status}` : text,
      callId && `call ${callId}`,
    ]
      .filter((part): part is string => part !== undefined && part !== '')
      .map(harmless),
    ...(count > 1 ? [`${count} times`] : []),
  ].join('  ');
  if (!withTrail || event.trail === undefined) return line;
  const steps = event.trail.map(
    ({ rule: name, says, saw, flip }) =>
      `    ${says.padEnd(8)} ${name}: ${harmless(saw)}${flip === undefined ? '' : `; would pass with ${harmless(flip)}`}`,
  );
  return [line, ...steps].join('\n');
}
