import type { RequestFacts } from '../../facts.ts';

const FEWEST_CALL_ID_DIGITS = 16;
const FEWEST_TAG_DIGITS = 24;
const COOKIE = 'z9hG4bK-';

/**
 * What gives a known tool away when it says another name, in words; undefined for everybody else. Most are fixed in the
 * source of sipvicious (svmap, svwar, svcrack), which nearly all scanners are made of:
 * - From and To are `"sipvicious"<sip:100@1.1.1.1>`, with any name in front;
 * - the tag is the hex of what is attacked, a byte 01, and a random number;
 * - the Call-ID is a random number without a host, and the branch another one behind `z9hG4bK-`. Each alone occurs with
 *   real phones.
 */
export function scannerHabitOf({
  fromHeader,
  fromTag,
  callId,
  branch,
}: Pick<RequestFacts, 'fromHeader' | 'fromTag' | 'callId' | 'branch'>): string | undefined {
  if (fromHeader.includes('@1.1.1.1>')) return 'From at 1.1.1.1, as sipvicious writes it';
  if (fromHeader.startsWith('"Nmap NSE"')) return 'From "Nmap NSE"';
  if (isSipviciousTag(fromTag)) return 'a From tag as sipvicious makes them';
  if (
    callId.length >= FEWEST_CALL_ID_DIGITS &&
    branch.startsWith(COOKIE) &&
    branch.length > COOKIE.length &&
    areDigits(callId, 0) &&
    areDigits(branch, COOKIE.length)
  )
    return 'Call-ID and branch of digits only, as sipvicious makes them';
  return undefined;
}

/** `6434396633623535313363340133343333313138393833`: hex of printable characters, one 01, and digits. */
function isSipviciousTag(tag: string): boolean {
  if (tag.length < FEWEST_TAG_DIGITS || tag.length % 2 !== 0) return false;
  let separators = 0;
  for (let at = 0; at < tag.length; at += 2) {
    const high = hexValue(tag.charCodeAt(at));
    const low = hexValue(tag.charCodeAt(at + 1));
    if (high < 0 || low < 0) return false;
    const byte = high * 16 + low;
    if (byte === 1) separators++;
    else if (separators > 0 ? byte < 0x30 || byte > 0x39 : byte < 0x20 || byte > 0x7e) return false;
  }
  return separators === 1;
}

function areDigits(text: string, from: number): boolean {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 48 || code > 57) return false;
  }
  return true;
}

function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 102 ? code - 87 : -1;
}
