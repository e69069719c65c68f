import type { Site } from '../policy/site.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { parseNameAddress } from '../sip/message/name-address.ts';
import type { Forwarding, Hiding } from './signaling.ts';
import { dialledIn } from './user-part.ts';
import { withUser } from './with-user.ts';

/** What a text dials without the PIN before it, for whoever shows it; the text itself when there is none. */
export function withoutPin(uri: string, site: Site): string {
  if (!mayHavePin(uri, site)) return uri;
  const { pin, digits } = site.readDialled(dialledIn(uri));
  return pin === undefined ? uri : withUser(uri, digits);
}

/** The same of a To or another address. */
export function addressWithoutPin(value: string, site: Site): string {
  if (!mayHavePin(value, site)) return value;
  const address = parseNameAddress(value);
  if (address === undefined) return value;
  const uri = withoutPin(address.uri, site);
  if (uri === address.uri) return value;
  const display = address.display === '' ? '' : `${address.display} `;
  return `${display}<${uri}>${address.parameters}`;
}

/** Cheap, for every message that passes. */
function mayHavePin(text: string, { pins, settings }: Site): boolean {
  const separator = settings.dialPlan.pinSeparator;
  if (separator === null || !hasAny(pins)) return false;
  return text.includes(separator) || text.includes('%');
}

function hasAny(pins: object): boolean {
  for (const _ in pins) return true;
  return false;
}

/**
 * The PBX does not see a PIN in To either, in no message of the call: an ACK is forwarded by the carrier alone, so it is
 * there that To is changed.
 */
export const hidingPins = (hiding: Hiding | undefined, site: Site): Hiding | undefined =>
  hasAny(site.pins)
    ? {
        vias: hiding?.vias ?? false,
        innerRoute: hiding?.innerRoute ?? false,
        request(request, rewrite, own) {
          hiding?.request(request, rewrite, own);
          const line = request.find(Header.to);
          const to = request.value(Header.to) ?? '';
          const changed = addressWithoutPin(to, site);
          if (changed !== to)
            rewrite.replace(request.valueStart(line), request.lineEnd(line), changed);
        },
        answer: (response, rewrite, own) => hiding?.answer(response, rewrite, own),
      }
    : hiding;

const asItIs: Pick<Forwarding, 'onAnswer'> = {};

/** Whoever dialled the PIN gets To back as he wrote it, with the tag of whoever answered. */
export function restoringTo(request: Message, site: Site): Pick<Forwarding, 'onAnswer'> {
  const to = request.value(Header.to) ?? '';
  if (addressWithoutPin(to, site) === to) return asItIs;
  const tagged = request.toTag !== '';
  return {
    onAnswer: ({ toTag }) => [
      { name: 'To', value: tagged || toTag === '' ? to : `${to};tag=${toTag}` },
    ],
  };
}
