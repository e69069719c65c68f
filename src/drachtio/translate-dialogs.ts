import type { Flow } from '../edge/signaling.ts';
import type { Bridges } from './bridges.ts';
import type { Headers } from './wire.ts';

const NAMING = ['Replaces', 'Join', 'Target-Dialog'];

/**
 * What names a dialog of the sender's (RFC 3891, 3911, 4538, and Replaces in a Refer-To) names a bridge's other
 * side where it arrives: an attended transfer would find nothing otherwise.
 */
export function translateDialogs(
  headers: Headers,
  from: Pick<Flow, 'realm'>,
  bridges: Bridges,
): void {
  for (const name of NAMING) {
    const value = headers.get(name);
    const translated = value === undefined ? undefined : asOtherSideKnowsIt(value, from, bridges);
    if (translated !== undefined) headers.set(name, translated);
  }
  const referTo = headers.get('Refer-To');
  if (referTo === undefined) return;
  headers.set(
    'Refer-To',
    referTo.replace(/([?&]Replaces=)([^&>]*)/i, (whole, before: string, escaped: string) => {
      const translated = asOtherSideKnowsIt(unescaped(escaped), from, bridges);
      return translated === undefined ? whole : before + encodeURIComponent(translated);
    }),
  );
}

/** A dialog as the other side of its bridge knows it; undefined for one that the sender has not with us. */
function asOtherSideKnowsIt(
  value: string,
  { realm }: Pick<Flow, 'realm'>,
  bridges: Bridges,
): string | undefined {
  const [callId = '', ...parameters] = value.split(';');
  const leg = bridges.withCallId(callId.trim());
  const other = leg?.other;
  if (leg === undefined || other === undefined || leg.flow.realm !== realm) return undefined;
  const tags = new Map([
    [leg.fromTag, other.fromTag],
    [leg.toTag, other.toTag],
  ]);
  const rest = parameters.map((parameter) => {
    const [name = '', tag = ''] = parameter.split('=');
    const theirs = tags.get(tag.trim());
    return theirs === undefined ? parameter : `${name}=${theirs}`;
  });
  return [other.callId, ...rest].join(';');
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
