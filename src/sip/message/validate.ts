import { endOfAddress } from './address-syntax.ts';
import { Kind, skip } from './characters.ts';
import { Header } from './header-name.ts';
import type { Flaw, Message } from './message.ts';
import { isKnownInOtherLetters } from './method.ts';
import { readNumber } from './number.ts';
import type { Via } from './via.ts';

/** Why a request is refused before anything is decided about it: the closed set that events and metrics name. */
export type Problem =
  | Flaw
  | 'version'
  | 'method'
  | 'request-uri'
  | 'request-uri-headers'
  | 'uri-scheme'
  | 'missing-header'
  | 'repeated-header'
  | 'via'
  | 'branch'
  | 'address'
  | 'call-id'
  | 'cseq'
  | 'cseq-method'
  | 'max-forwards'
  | 'too-many-hops'
  | 'expires'
  | 'too-long'
  | 'extension';

/** What a request that must not be passed on is answered with. Whether it is answered at all is for others to say. */
export interface Refusal {
  readonly status: number;
  /** Says what is wrong (RFC 3261 §21.4.1), and nothing that came from outside. */
  readonly reason: string;
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
  readonly problem: Problem;
}

const QUOTE = 34;
const SEMICOLON = 59;
const CLOSE = 62;

// longer than any RFC 4475 message has them; they become keys of tables that strangers fill
const LONGEST_KEY = 512;
const LONGEST_ADDRESS = 4096;
const LONGEST_URI = 4096;
const MOST_VIAS = 70; // Max-Forwards starts there
const MOST_ADDRESSES = 64;
/** Of all Record-Routes: a call keeps them, each apart. */
const MOST_ROUTE_BYTES = 8192;
/** The largest there is (RFC 3261 §8.1.1.5). Kept for ourselves: nobody shall make a call that no BYE of ours can end. */
export const LAST_CSEQ = 2_147_483_647;
const MOST_SECONDS = 4_294_967_295; // RFC 3261 §20.19

const bad = (problem: Problem, what: string): Refusal => ({
  status: 400,
  reason: `Bad Request (${what})`,
  problem,
});

const flaws: Readonly<Record<Flaw, Refusal>> = {
  'start-line': bad('start-line', 'request line'),
  'bare-cr-or-lf': bad('bare-cr-or-lf', 'CR or LF out of place'),
  nul: bad('nul', 'NUL byte'),
  'header-syntax': bad('header-syntax', 'header name'),
  'no-end-of-headers': bad('no-end-of-headers', 'headers do not end'),
  'content-length': bad('content-length', 'Content-Length'),
  'body-cut-short': bad('body-cut-short', 'body shorter than Content-Length'),
};
const badVersion: Refusal = { status: 505, reason: 'Version Not Supported', problem: 'version' };
const badMethod = bad('method', 'method');
const badUri = bad('request-uri', 'Request-URI');
const longUri: Refusal = { status: 414, reason: 'Request-URI Too Long', problem: 'too-long' };
const uriHeaders = bad('request-uri-headers', 'headers in Request-URI');
const unknownScheme: Refusal = {
  status: 416,
  reason: 'Unsupported URI Scheme',
  problem: 'uri-scheme',
};
const tooManyHops: Refusal = { status: 483, reason: 'Too Many Hops', problem: 'too-many-hops' };
const badMaxForwards = bad('max-forwards', 'Max-Forwards');
const badExpires = bad('expires', 'Expires');
const badCallId = bad('call-id', 'Call-ID');
const badCSeq = bad('cseq', 'CSeq');
const badCSeqMethod = bad('cseq-method', 'CSeq of another method');
const badVia = bad('via', 'Via');
const badBranch = bad('branch', 'Via branch');
const badFrom = bad('address', 'From');
const badTo = bad('address', 'To');
const badContact = bad('address', 'Contact');
const badRoute = bad('address', 'Route');
const tooLong = bad('too-long', 'header too long');
const repeated = bad('repeated-header', 'header repeated');

/** Headers that may stand once, of those that anything between here and the phone acts on; each with its bit. */
const once = new Int32Array(256);
let nextBit = 1;
const singular = (id: number): number => {
  const bit = nextBit;
  once[id] = bit;
  nextBit <<= 1;
  return bit;
};
const FROM = singular(Header.from);
const TO = singular(Header.to);
const CALL_ID = singular(Header.callId);
const CSEQ = singular(Header.cseq);
for (const id of [
  Header.maxForwards,
  Header.contentLength,
  Header.contentType,
  Header.expires,
  Header.event,
  Header.referTo,
  Header.referredBy,
  Header.replaces,
  Header.rack,
  Header.rseq,
  Header.sessionExpires,
  Header.minSe,
])
  singular(id);
const MANDATORY = FROM | TO | CALL_ID | CSEQ;
const mandatory: readonly (readonly [bit: number, refusal: Refusal])[] = [
  [FROM, bad('missing-header', 'From missing')],
  [TO, bad('missing-header', 'To missing')],
  [CALL_ID, bad('missing-header', 'Call-ID missing')],
  [CSEQ, bad('missing-header', 'CSeq missing')],
];
const viaMissing = bad('missing-header', 'Via missing');

/**
 * What is wrong with a request, as RFC 3261 §8.2 and §16.3 ask of a proxy; undefined when it may be judged further.
 *
 * A refused ACK is not answered, as none ever is. Every request waits for this: it reads in place, builds no
 * strings for a sound request, and each check is linear in what it reads.
 */
export function refusalOf(request: Message): Refusal | undefined {
  if (request.flaw !== undefined) return flaws[request.flaw];
  if (request.version !== 'SIP/2.0' && request.version.toUpperCase() !== 'SIP/2.0')
    return badVersion;
  const { method, wire } = request;
  if (skip(method, 0, method.length, Kind.token) !== method.length) return badMethod;
  if (isKnownInOtherLetters(method)) return badMethod;
  const uriProblem = refusalOfUri(request);
  if (uriProblem !== undefined) return uriProblem;

  let seen = 0;
  let vias = 0;
  let addresses = 0;
  let routeBytes = 0;
  let needsExtension = false;
  const { lineCount } = request;
  for (let line = 0; line < lineCount; line++) {
    const id = request.lineId(line);
    if (id === Header.other) continue;
    const bit = once[id] ?? 0;
    if ((seen & bit) !== 0) return repeated;
    seen |= bit;
    switch (id) {
      case Header.via:
        if (++vias > MOST_VIAS) return tooLong;
        if (namesEverybody(request, line)) return badVia;
        break;
      case Header.from:
        if (!isOneAddress(request, line) || hasTwoTags(request, line)) return badFrom;
        break;
      case Header.to:
        if (!isOneAddress(request, line) || hasTwoTags(request, line)) return badTo;
        break;
      case Header.contact: {
        const count = countAddresses(request, line);
        if (count >= 0) addresses += count;
        else if (!isStar(request, line)) return badContact;
        break;
      }
      case Header.route: {
        const count = countAddresses(request, line);
        if (count < 0) return badRoute;
        addresses += count;
        break;
      }
      case Header.recordRoute:
        routeBytes += request.lineEnd(line) - request.valueStart(line);
        if (routeBytes > MOST_ROUTE_BYTES) return tooLong;
        break;
      case Header.callId: {
        const start = request.valueStart(line);
        const end = request.lineEnd(line);
        const last = skip(wire, start, end, Kind.visible);
        if (last === start || skip(wire, last, end, Kind.blank) !== end) return badCallId;
        if (last - start > LONGEST_KEY) return tooLong;
        break;
      }
      case Header.maxForwards: {
        const hops = readNumber(wire, request.valueStart(line), request.lineEnd(line));
        if (hops < 0 || hops > 255) return badMaxForwards;
        if (hops === 0 && (method !== 'OPTIONS' || request.toTag !== '')) return tooManyHops;
        break;
      }
      case Header.expires:
        if (!isSeconds(request, line)) return badExpires;
        break;
      case Header.referTo:
        if (request.lineEnd(line) - request.valueStart(line) > LONGEST_ADDRESS) return tooLong;
        break;
      case Header.proxyRequire:
        if (request.lineEnd(line) - request.valueStart(line) > LONGEST_ADDRESS) return tooLong;
        needsExtension = true;
        break;
    }
  }
  if (addresses > MOST_ADDRESSES) return tooLong;
  if (vias === 0) return viaMissing;
  if ((seen & MANDATORY) !== MANDATORY)
    for (const [bit, refusal] of mandatory) if ((seen & bit) === 0) return refusal;

  if (request.cseq < 0 || request.cseq === LAST_CSEQ) return badCSeq;
  if (request.cseqMethod !== method) return badCSeqMethod;
  const { via } = request;
  if (via === undefined || !isOurVersion(wire, via)) return badVia;
  const { branch } = via;
  if (branch.length > LONGEST_KEY) return tooLong;
  if (branch.length === COOKIE.length && branch.toLowerCase() === COOKIE) return badBranch;
  if (skip(branch, 0, branch.length, Kind.uri) !== branch.length) return badBranch;
  return needsExtension && method !== 'ACK' && method !== 'CANCEL'
    ? refusalOfExtensions(request)
    : undefined;
}

/**
 * An OPTIONS that may not be passed on asks whoever it has come to (RFC 3261 §11.1, §16.3 step 3): so carriers and other
 * SBCs ask the next hop whether it is there.
 */
export const asksNextHop = (request: Message): boolean =>
  request.method === 'OPTIONS' &&
  request.toTag === '' &&
  Number(request.value(Header.maxForwards) ?? '70') === 0;

const isOurVersion = (wire: string, { start, end }: Via): boolean =>
  wire.startsWith('SIP/2.0/', start) || /^SIP\s*\/\s*2\.0\s*\//i.test(wire.slice(start, end));

/** A branch that is the cookie and nothing else would make all such requests one transaction (RFC 4475 §3.2.1). */
const COOKIE = 'z9hg4bk';
const BROADCAST = '255.255.255.255';

/** RFC 4475 §3.3.10: nobody makes us send to everybody. */
const namesEverybody = (message: Message, viaLine: number): boolean =>
  message.wire.slice(message.valueStart(viaLine), message.lineEnd(viaLine)).includes(BROADCAST);

/**
 * May a response be matched to a transaction and passed on? One that may not is dropped in silence (RFC 3261 §16.7,
 * §18.1.2): there is nobody to tell. Whatever a request that passes can bring into its responses is sound here:
 * else a stranger could make transactions that only time ends.
 */
export function isSoundResponse(response: Message): boolean {
  const { status, via } = response;
  if (response.flaw !== undefined || status < 100 || status > 699) return false;
  if (response.version !== 'SIP/2.0' && response.version.toUpperCase() !== 'SIP/2.0') return false;
  if (via === undefined || response.cseq < 0) return false;
  let seen = 0;
  let vias = 0;
  let routeBytes = 0;
  let contactBytes = 0;
  const { lineCount } = response;
  for (let line = 0; line < lineCount; line++) {
    const id = response.lineId(line);
    if (id === Header.via) {
      if (++vias > MOST_VIAS + 1 || namesEverybody(response, line)) return false;
      continue;
    }
    if (id === Header.recordRoute) routeBytes += response.lineEnd(line) - response.valueStart(line);
    if (id === Header.contact) contactBytes += response.lineEnd(line) - response.valueStart(line);
    const bit = (once[id] ?? 0) & MANDATORY;
    if ((seen & bit) !== 0) return false;
    seen |= bit;
    if (
      (id === Header.from || id === Header.to) &&
      !isOneAddress(response, line, 2 * LONGEST_ADDRESS)
    )
      return false;
  }
  // what was in the request comes back; of an INVITE's answer a call keeps the Contact too, and of a redirection each is judged
  if (routeBytes > 2 * MOST_ROUTE_BYTES) return false;
  if (contactBytes > 2 * LONGEST_ADDRESS && response.cseqMethod === 'INVITE') return false;
  return (seen & MANDATORY) === MANDATORY;
}

/**
 * `tel:` and service URNs (an emergency call, RFC 5031) go where the rules send them like any other request;
 * of other schemes we know nothing (RFC 3261 §16.3).
 */
function refusalOfUri(request: Message): Refusal | undefined {
  const { requestUri, uri } = request;
  if (requestUri.length > LONGEST_URI) return longUri;
  if (uri !== undefined) return uri.headers === '' ? undefined : uriHeaders;

  const colon = skip(requestUri, 0, requestUri.length, Kind.scheme);
  if (colon === 0 || requestUri.charAt(colon) !== ':') return badUri;
  const scheme = requestUri.slice(0, colon).toLowerCase();
  if (scheme === 'sip' || scheme === 'sips') return badUri;
  if (scheme !== 'tel' && !/^urn:service:/i.test(requestUri)) return unknownScheme;
  const last = skip(requestUri, colon + 1, requestUri.length, Kind.uri);
  return last === requestUri.length && last > colon + 1 ? undefined : badUri;
}

function isOneAddress(message: Message, line: number, longest = LONGEST_ADDRESS): boolean {
  const start = message.valueStart(line);
  const end = message.lineEnd(line);
  return end - start <= longest && endOfAddress(message.wire, start, end) === end;
}

/**
 * Two tags, or an empty one, are read differently by different stacks: what is inside a dialog for one is a new
 * call for the other.
 */
function hasTwoTags(message: Message, line: number): boolean {
  if (endsAsUsual(message.wire, message.valueStart(line), message.lineEnd(line))) return false;
  const value = message.valueOf(line);
  const parameters = value.slice(value.lastIndexOf('>') + 1);
  if (parameters === '') return false;
  const first = parameters.search(/;\s*tag/i);
  if (first < 0) return false;
  const rest = parameters.slice(first + 1);
  return /;\s*tag\s*(?:=|;|$)/i.test(rest) || /^\s*tag\s*(?:=\s*)?(?:;|"|$)/i.test(rest);
}

/** With its `>`, or with one `;tag=…` behind it and nothing else, as nearly everybody writes it. */
function endsAsUsual(wire: string, start: number, end: number): boolean {
  for (let at = end - 1; at > start; at--) {
    const c = wire.charCodeAt(at);
    if (c === CLOSE) return at === end - 1;
    if (c === QUOTE) return false;
    if (c === SEMICOLON)
      return wire.charCodeAt(at - 1) === CLOSE && wire.startsWith(';tag=', at) && at + 5 < end;
  }
  return false;
}

/** How many addresses the line has; -1 when one is malformed. */
function countAddresses(message: Message, line: number): number {
  const { wire } = message;
  const end = message.lineEnd(line);
  let start = message.valueStart(line);
  for (let count = 1; ; count++) {
    const stop = endOfAddress(wire, start, end);
    if (stop < 0 || stop - start > LONGEST_ADDRESS) return -1;
    if (stop === end) return count;
    start = skip(wire, stop + 1, end, Kind.blank);
  }
}

/** `Contact: *` removes every binding (RFC 3261 §10.2.2); anywhere else it means nothing. */
const isStar = (request: Message, line: number): boolean =>
  request.method === 'REGISTER' && request.valueOf(line) === '*';

/** RFC 4475 §3.1.2.4: one that no counter holds is an error, not "for ever". */
function isSeconds(request: Message, line: number): boolean {
  if (readNumber(request.wire, request.valueStart(line), request.lineEnd(line)) >= 0) return true;
  const value = request.valueOf(line);
  return /^\d+$/.test(value) && Number(value) <= MOST_SECONDS;
}

/**
 * RFC 3261 §16.3 step 5: the first ones asked for that we do not know are listed. `privacy` (RFC 3323 §4.2) is what adapters
 * ask for that hide their number: it is for the PBX or the carrier behind us to hide it, and both are told.
 */
function refusalOfExtensions(request: Message): Refusal | undefined {
  const asked = request
    .list(Header.proxyRequire)
    .filter((tag) => tag !== '' && tag.toLowerCase() !== 'privacy');
  if (asked.length === 0) return undefined;
  const isTag = (tag: string) =>
    tag.length <= 64 && skip(tag, 0, tag.length, Kind.token) === tag.length;
  const named = asked.slice(0, 16).filter(isTag);
  return {
    status: 420,
    reason: 'Bad Extension',
    ...(named.length > 0 && { headers: [{ name: 'Unsupported', value: named.join(', ') }] }),
    problem: 'extension',
  };
}
