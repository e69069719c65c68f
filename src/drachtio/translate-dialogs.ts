import type { Flow } from '../edge/signaling.ts';
import { callIdsIn } from '../sip/message/named-dialog.ts';
import { parseUri } from '../sip/message/uri.ts';
import type { Bridges } from './bridges.ts';
import type { Carrier } from './carrier.ts';
import type { Headers } from './wire.ts';

const NAMING = ['Replaces', 'Join', 'Target-Dialog'];

/**
 * What names a dialog of the sender's (RFC 3891, 3911, 4538, and Replaces in a Refer-To) names a bridge's other
 * side where it arrives: an attended transfer would find nothing otherwise.
 */
export function translateDialogs(
  headers: Headers,
  from: Pick<Flow, 'realm'>,
  { bridges, servers }: Pick<Carrier, 'bridges' | 'servers'>,
): void {
  for (const name of NAMING) {
    const value = headers.get(name);
    const other = value === undefined ? undefined : otherSideOf(value, from, bridges);
    if (other !== undefined) headers.set(name, other.named);
  }
  const referTo = headers.get('Refer-To');
  if (referTo === undefined) return;
  headers.set(
    'Refer-To',
    referTo.replace(
      /(sips?:[^<>?\s]*)(\?(?:[^&<>]*&)*Replaces=)([^&<>]*)/i,
      (whole, uri: string, before: string, escaped: string) => {
        const other = otherSideOf(unescaped(escaped), from, bridges);
        if (other === undefined) return whole;
        const asked = parseUri(uri);
        // the sender knows the server's Contact, which is nobody's to call
        const target = asked !== undefined && servers.isOurs(asked) ? other.contact : undefined;
        return (target ?? uri) + before + encodeURIComponent(other.named);
      },
    ),
  );
}

interface OtherSide {
  /** The dialog, as a header names it. */
  readonly named: string;
  readonly contact: string | undefined;
}

/** A dialog as the other side of its bridge knows it; undefined for one that the sender has not with us. */
function otherSideOf(
  value: string,
  { realm }: Pick<Flow, 'realm'>,
  bridges: Bridges,
): OtherSide | undefined {
  const leg = callIdsIn(value)
    .map((callId) => bridges.withCallId(callId))
    .find((known) => known !== undefined);
  const other = leg?.other;
  if (leg === undefined || other === undefined || leg.flow.realm !== realm) return undefined;
  const tags = new Map([
    [leg.fromTag, other.fromTag],
    [leg.toTag, other.toTag],
  ]);
  const [, ...parameters] = value.slice(value.indexOf(leg.callId) + leg.callId.length).split(';');
  const rest = parameters.map((parameter) => {
    const [name = '', tag = ''] = parameter.split('=');
    const theirs = tags.get(tag.trim());
    return theirs === undefined ? parameter : `${name}=${theirs}`;
  });
  return { named: [other.callId, ...rest].join(';'), contact: other.contact };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
