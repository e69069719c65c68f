import type { Message } from '../message/message.ts';

/** RFC 5393 §5: how far a request may fork when it does not say. */
const MAX_BREADTH = 60;

/** How many branches it may have at once (RFC 5393 §5.3.3): none where it says what is no number. */
export function breadthOf(request: Message): number {
  const value = request.header('Max-Breadth');
  const breadth = value === undefined ? MAX_BREADTH : Number(value);
  return Number.isInteger(breadth) ? Math.min(breadth, MAX_BREADTH) : 0;
}
