import type { CallFacts } from './facts.ts';
import { leavesTheHouse } from './leaves-the-house.ts';
import type { Chosen, OutboundRoutes, Wanted } from './routes.ts';

/** The outbound route of a call; none for one that stays in the house. */
export const chooseRoute = (
  call: Wanted & Pick<CallFacts, 'source'>,
  { routes }: { readonly routes: OutboundRoutes },
): Chosen | undefined => (leavesTheHouse(call) ? routes.choose(call) : undefined);
