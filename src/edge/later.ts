import type { Edge } from './edge.ts';
import type { Incoming } from './signaling.ts';

/**
 * What goes on with a request once something else has been answered. Nobody who would catch what it throws is there any
 * more: that would end the thread, and with it every call.
 */
export const later =
  <Args extends readonly unknown[]>(
    { observer }: Pick<Edge, 'observer'>,
    incoming: Incoming,
    work: (...args: Args) => void,
  ) =>
  (...args: Args): void => {
    try {
      work(...args);
    } catch (problem) {
      observer.fault(problem);
      incoming.answer(500);
    }
  };
