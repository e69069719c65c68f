import { Header } from '../../sip/message/header-name.ts';
import type { Message } from '../../sip/message/message.ts';
import { readNumber } from '../../sip/message/number.ts';

/** What its Expires says. */
export function secondsOf(message: Message): number | undefined {
  const line = message.find(Header.expires);
  if (line < 0) return undefined;
  const seconds = readNumber(message.wire, message.valueStart(line), message.lineEnd(line));
  return seconds < 0 ? undefined : seconds;
}

/** A NOTIFY that says that there is nothing more to come (RFC 6665 §4.1.3). */
export const endsSubscription = (notify: Message): boolean =>
  /^\s*terminated\b/i.test(notify.header('Subscription-State') ?? '');
