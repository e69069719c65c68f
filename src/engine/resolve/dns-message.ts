import { type Answer, decode, encode, RECURSION_DESIRED } from 'dns-packet';

/** What we ask for, and what one record of it holds. Names are in lower case, without the final dot. */
export interface RecordOf {
  A: string;
  AAAA: string;
  SRV: ServiceRecord;
  NAPTR: PointerRecord;
}
export type RecordKind = keyof RecordOf;

/** RFC 2782. A target of `''` says that the service is decidedly not offered. */
export interface ServiceRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** RFC 3403, as far as RFC 3263 uses it. */
export interface PointerRecord {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly regexp: string;
  readonly replacement: string;
}

export interface DnsAnswer<Kind extends RecordKind> {
  /** Empty: the name, or this kind of record for it, does not exist. */
  readonly records: readonly RecordOf[Kind][];
  readonly ttlSeconds: number;
}

export type Reading<Kind extends RecordKind> =
  | { readonly kind: 'answer'; readonly answer: DnsAnswer<Kind> }
  /** It did not fit into a datagram: ask again over TCP. */
  | { readonly kind: 'truncated' }
  /** The server could not or would not say; another may. */
  | { readonly kind: 'refused'; readonly code: number }
  /** Not the answer to this question: a stray, or a forgery. */
  | { readonly kind: 'unrelated' };

/** How long "there is none" holds when the server does not say. */
const NEGATIVE_TTL_SECONDS = 30;
const NAME_ERROR = 3;
const LONGEST_ALIAS_CHAIN = 8;
/** More than anybody has servers. Each request draws their order anew, and an answer over TCP has room for thousands. */
const MOST_RECORDS = 64;

export const plainName = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/** A query without EDNS: what does not fit into 512 bytes comes over TCP. */
export function formatQuery(id: number, name: string, kind: RecordKind): Buffer {
  return encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED,
    questions: [{ type: kind, name, class: 'IN' }],
  });
}

/** Reads what a server sent in answer to `formatQuery`. Never throws. */
export function readAnswer<Kind extends RecordKind>(
  message: Buffer,
  id: number,
  name: string,
  kind: Kind,
): Reading<Kind> {
  let packet: ReturnType<typeof decode>;
  try {
    packet = decode(message);
  } catch {
    return { kind: 'unrelated' };
  }
  const [question] = packet.questions ?? [];
  const ours =
    packet.type === 'response' &&
    packet.id === id &&
    question?.type === kind &&
    plainName(question.name) === name;
  if (!ours) return { kind: 'unrelated' };
  if (packet.flag_tc) return { kind: 'truncated' };

  const code = (packet.flags ?? 0) & 15;
  if (code !== 0 && code !== NAME_ERROR) return { kind: 'refused', code };

  const found = follow(packet.answers ?? [], name, kind);
  return {
    kind: 'answer',
    answer:
      found.records.length > 0
        ? found
        : { records: [], ttlSeconds: negativeTtl(packet.authorities ?? []) },
  };
}

/** The records at the end of the chain of aliases; their TTL is the shortest on the way. */
function follow<Kind extends RecordKind>(
  answers: readonly Answer[],
  name: string,
  kind: Kind,
): DnsAnswer<Kind> {
  let at = name;
  let ttlSeconds = Number.POSITIVE_INFINITY;
  for (let links = 0; links < LONGEST_ALIAS_CHAIN; links++) {
    const here = answers.filter((answer) => plainName(answer.name) === at);
    const records: RecordOf[Kind][] = [];
    for (const answer of here) {
      if (answer.type !== kind || !('data' in answer)) continue;
      if (records.length === MOST_RECORDS) break;
      records.push(toRecord(answer) as RecordOf[Kind]);
      ttlSeconds = Math.min(ttlSeconds, ttlOf(answer));
    }
    if (records.length > 0) return { records, ttlSeconds };

    const alias = here.find((answer) => answer.type === 'CNAME');
    if (alias?.type !== 'CNAME') break;
    ttlSeconds = Math.min(ttlSeconds, ttlOf(alias));
    at = plainName(alias.data);
  }
  return { records: [], ttlSeconds };
}

function toRecord(answer: Answer): RecordOf[RecordKind] | undefined {
  if (answer.type === 'SRV') {
    const { priority = 0, weight = 0, port, target } = answer.data;
    return { priority, weight, port, target: plainName(target) };
  }
  if (answer.type === 'NAPTR') {
    const { order, preference, flags, services, regexp, replacement } = answer.data;
    const service = services.toUpperCase();
    return {
      order,
      preference,
      flags: flags.toLowerCase(),
      service,
      regexp,
      replacement: plainName(replacement),
    };
  }
  return answer.type === 'A' || answer.type === 'AAAA' ? answer.data : undefined;
}

/** RFC 2181 §8: a TTL with its first bit set is zero. */
const ttlOf = ({ ttl = 0 }: { ttl?: number | undefined }): number => (ttl >= 2 ** 31 ? 0 : ttl);

/** RFC 2308 §5. */
function negativeTtl(authorities: readonly Answer[]): number {
  const start = authorities.find((answer) => answer.type === 'SOA');
  if (start?.type !== 'SOA') return NEGATIVE_TTL_SECONDS;
  return Math.min(ttlOf(start), start.data.minimum ?? NEGATIVE_TTL_SECONDS);
}
