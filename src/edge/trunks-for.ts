import { bareHost, parseUri } from '../sip/message/uri.ts';
import type { EdgeSettings, TrunkSettings } from './edge-settings.ts';
import type { Incoming } from './signaling.ts';

/** The trunks that a Request-URI names by their host; all of them when it names us. None for any other place. */
export function trunksNamed(
  { trunks }: Pick<EdgeSettings, 'trunks'>,
  { request, toUs }: Pick<Incoming, 'request' | 'toUs'>,
): readonly TrunkSettings[] {
  const { uri } = request;
  const host = uri === undefined ? '' : bareHost(uri.host);
  const named = trunks.filter((trunk) => bareHost(parseUri(trunk.uri)?.host ?? '') === host);
  return named.length > 0 ? named : toUs || uri === undefined ? trunks : [];
}

/** The trunks of a route, in its order. */
export const trunksOf = (
  { trunks }: Pick<EdgeSettings, 'trunks'>,
  { trunks: names }: { readonly trunks: readonly string[] },
): readonly TrunkSettings[] =>
  names.flatMap((name) => trunks.filter((trunk) => trunk.name === name));
