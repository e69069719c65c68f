/**
 * The header fields that something here reads, and those with a compact form, each with a small number so that finding one costs an
 * integer comparison. All others are `other`: passed on byte for byte and found by name when asked for.
 */
export const Header = {
  other: 0,
  via: 1,
  from: 2,
  to: 3,
  callId: 4,
  cseq: 5,
  contact: 6,
  maxForwards: 7,
  contentLength: 8,
  route: 9,
  recordRoute: 10,
  expires: 11,
  contentType: 12,
  path: 13,
  supported: 14,
  require: 15,
  proxyRequire: 16,
  userAgent: 17,
  authorization: 18,
  sessionExpires: 19,
  minSe: 20,
  date: 21,
  retryAfter: 22,
  warning: 23,
  event: 24,
  referTo: 25,
  replaces: 26,
  rseq: 27,
  rack: 28,
  proxyAuthorization: 29,
  wwwAuthenticate: 30,
  proxyAuthenticate: 31,
  reason: 32,
  timestamp: 33,
  subject: 34,
  contentEncoding: 35,
  referredBy: 36,
  allowEvents: 37,
  identity: 38,
  acceptContact: 39,
  rejectContact: 40,
  requestDisposition: 41,
  pAssertedIdentity: 42,
  pPreferredIdentity: 43,
  remotePartyId: 44,
  privacy: 45,
  diversion: 46,
  historyInfo: 47,
} as const;

export type HeaderId = (typeof Header)[keyof typeof Header];

/** Name as we write it, and the one-letter form of RFC 3261 §7.3.3 and later RFCs. */
const names: readonly (readonly [HeaderId, string, string?])[] = [
  [Header.via, 'Via', 'v'],
  [Header.from, 'From', 'f'],
  [Header.to, 'To', 't'],
  [Header.callId, 'Call-ID', 'i'],
  [Header.cseq, 'CSeq'],
  [Header.contact, 'Contact', 'm'],
  [Header.maxForwards, 'Max-Forwards'],
  [Header.contentLength, 'Content-Length', 'l'],
  [Header.route, 'Route'],
  [Header.recordRoute, 'Record-Route'],
  [Header.expires, 'Expires'],
  [Header.contentType, 'Content-Type', 'c'],
  [Header.path, 'Path'],
  [Header.supported, 'Supported', 'k'],
  [Header.require, 'Require'],
  [Header.proxyRequire, 'Proxy-Require'],
  [Header.userAgent, 'User-Agent'],
  [Header.authorization, 'Authorization'],
  [Header.sessionExpires, 'Session-Expires', 'x'],
  [Header.minSe, 'Min-SE'],
  [Header.date, 'Date'],
  [Header.retryAfter, 'Retry-After'],
  [Header.warning, 'Warning'],
  [Header.event, 'Event', 'o'],
  [Header.referTo, 'Refer-To', 'r'],
  [Header.replaces, 'Replaces'],
  [Header.rseq, 'RSeq'],
  [Header.rack, 'RAck'],
  [Header.proxyAuthorization, 'Proxy-Authorization'],
  [Header.wwwAuthenticate, 'WWW-Authenticate'],
  [Header.proxyAuthenticate, 'Proxy-Authenticate'],
  [Header.reason, 'Reason'],
  [Header.timestamp, 'Timestamp'],
  [Header.subject, 'Subject', 's'],
  [Header.contentEncoding, 'Content-Encoding', 'e'],
  [Header.referredBy, 'Referred-By', 'b'],
  [Header.allowEvents, 'Allow-Events', 'u'],
  [Header.identity, 'Identity', 'y'],
  [Header.acceptContact, 'Accept-Contact', 'a'],
  [Header.rejectContact, 'Reject-Contact', 'j'],
  [Header.requestDisposition, 'Request-Disposition', 'd'],
  [Header.pAssertedIdentity, 'P-Asserted-Identity'],
  [Header.pPreferredIdentity, 'P-Preferred-Identity'],
  [Header.remotePartyId, 'Remote-Party-ID'],
  [Header.privacy, 'Privacy'],
  [Header.diversion, 'Diversion'],
  [Header.historyInfo, 'History-Info'],
];

interface Candidate {
  readonly lower: string;
  readonly id: HeaderId;
}

/** Candidates by length and first letter, so that most names are settled by one comparison. */
const LONGEST = 31;
const buckets: (readonly Candidate[] | undefined)[] = new Array((LONGEST + 1) * 32).fill(undefined);
for (const [id, name, compact] of names)
  for (const spelling of compact === undefined ? [name] : [name, compact]) {
    const lower = spelling.toLowerCase();
    const bucket = (lower.length << 5) | (lower.charCodeAt(0) & 31);
    buckets[bucket] = [...(buckets[bucket] ?? []), { lower, id }];
  }

/** Which header the name at `start`..`end` is, whatever its case, long form or compact. */
export function identifyHeader(wire: string, start: number, end: number): HeaderId {
  const length = end - start;
  if (length > LONGEST || length === 0) return Header.other;
  const candidates = buckets[(length << 5) | (wire.charCodeAt(start) & 31)];
  if (candidates === undefined) return Header.other;
  for (const { lower, id } of candidates) {
    let at = 0;
    while (at < length && (wire.charCodeAt(start + at) | 32) === lower.charCodeAt(at)) at++;
    if (at === length) return id;
  }
  return Header.other;
}

const idByName = new Map(
  names.flatMap(([id, name]) => [
    [name, id],
    [name.toLowerCase(), id],
  ]),
);

/** Those that are told apart by number among the headers whose names begin so. */
export const headersBeginning = (text: string): readonly HeaderId[] =>
  names.filter(([, name]) => name.toLowerCase().startsWith(text.toLowerCase())).map(([id]) => id);

/** The number of a header named in our own code or configuration. */
export const headerId = (name: string): HeaderId =>
  idByName.get(name) ?? idByName.get(name.toLowerCase()) ?? Header.other;
