import type { Incoming } from './signaling.ts';

/**
 * A request inside a call or subscription goes where its dialog says: re-INVITE, BYE, REFER, NOTIFY, INFO,
 * whatever it is, from either side. One that belongs to nothing we know is told so.
 */
export function inDialog(incoming: Incoming): void {
  if (incoming.routed) incoming.forward({ targets: 'as-routed' });
  else incoming.answer(481);
}
