import type { ContactStatus } from '../control/notify/contact.ts';
import { duration } from './duration.ts';
import { counted, harmless, styled } from './output.ts';

/** How a contact stands, as cells of a table. */
export function showContact(contact: ContactStatus, now: number): string[] {
  const { name, by, to, sent, lastSentAt, waiting, untold, lost, quiet } = contact;
  return [
    name,
    by === 'email' ? to : `${by} at ${to}`,
    `${counted(sent, 'message')} sent${lastSentAt === undefined ? '' : `, the last ${duration(now - lastSentAt)} ago`}`,
    [
      waiting > 0 ? `${waiting} waiting` : '',
      untold > 0 ? `${counted(untold, 'event')} not told yet` : '',
      quiet ? 'quiet now' : '',
      lost > 0 ? styled('red', `${counted(lost, 'event')} never told`) : '',
    ]
      .filter((part) => part !== '')
      .join(', '),
    failing(contact, now),
  ];
}

function failing({ failing: why }: ContactStatus, now: number): string {
  if (why === undefined) return '';
  const { text, times, since, nextAt } = why;
  const again = `again in ${duration(Math.max(0, nextAt - now))}`;
  return styled(
    'red',
    `cannot be reached: ${harmless(text)}, ${counted(times, 'time')} in ${duration(now - since)}, ${again}`,
  );
}
