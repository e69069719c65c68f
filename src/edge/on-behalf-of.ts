import type { CallBy } from '../policy/facts.ts';
import type { Site } from '../policy/site.ts';
import { Header } from '../sip/message/header-name.ts';
import { splitList } from '../sip/message/list.ts';
import type { Message } from '../sip/message/message.ts';
import type { OutsideCall, OutsideCalls } from './outside-calls.ts';
import { userOf } from './user-part.ts';

/** Whose call it is that the PBX sends to a trunk. */
export interface Behalf {
  readonly extension: string | undefined;
  readonly by: CallBy;
  /** The phone's own call, of which this is the rest. */
  readonly continues: OutsideCall | undefined;
}

/**
 * A call that goes on with a phone's is that phone's. Else it is charged to whoever forwarded or transferred it, since
 * it is there that the call abroad was set up; only then to whoever the PBX says is calling, which may be anybody.
 */
export function onBehalfOf(
  request: Message,
  number: string,
  site: Site,
  calls: OutsideCalls,
): Behalf {
  const own = (user: string | undefined): string | undefined =>
    user !== undefined && isExtension(user, site) ? user : undefined;
  const from = userOf(request.value(Header.from));
  const identity =
    own(userOf(request.header('P-Asserted-Identity'))) ??
    own(userOf(request.header('Remote-Party-ID'))) ??
    own(from);
  const forwardedBy = diverterOf(request);
  const continues = calls.continuedBy(number, identity, own(forwardedBy));
  if (continues !== undefined)
    return { extension: continues.extension, by: continues.by, continues };
  if (forwardedBy !== undefined)
    return { extension: own(forwardedBy) ?? identity ?? from, by: 'diversion', continues };
  const transferredBy = own(userOf(request.header('Referred-By')));
  if (transferredBy !== undefined) return { extension: transferredBy, by: 'refer', continues };
  return { extension: identity ?? from, by: 'invite', continues };
}

/** Does it say that somebody forwarded it? */
export const saysForwarded = (request: Message): boolean =>
  request.findNamed('Diversion') >= 0 || request.findNamed('History-Info') >= 0;

/**
 * Who forwarded it last: the topmost Diversion (RFC 5806 §4), or in History-Info (RFC 7044) the entry before the one
 * that is called now.
 */
export function diverterOf(request: Message): string | undefined {
  const diversion = request.header('Diversion');
  if (diversion !== undefined) return userOf(splitList(diversion)[0]);
  const history: string[] = [];
  for (
    let line = request.findNamed('History-Info');
    line >= 0;
    line = request.findNamed('History-Info', line + 1)
  )
    history.push(...splitList(request.valueOf(line)));
  const before = history.at(-2);
  if (before === undefined) return undefined;
  const user = userOf(before);
  // the same number at another place was passed on, not forwarded
  return user === userOf(history.at(-1)) ? undefined : user;
}

export const isExtension = (user: string, { extensions, readDialled }: Site): boolean =>
  user !== '' && (extensions.profileOf(user).listed || readDialled(user).kind === 'extension');
