import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Transport } from '../../edge/signaling.ts';
import { createDnsClient } from './dns-client.ts';
import {
  type DnsAnswer,
  type PointerRecord,
  plainName,
  type RecordKind,
  type ServiceRecord,
} from './dns-message.ts';
import { type DnsServer, readSystemServers } from './dns-servers.ts';
import { type Hosts, readHosts } from './hosts-file.ts';
import { createRecordCache } from './record-cache.ts';
import { serviceOrder } from './service-order.ts';

/** What a URI says about where to go. */
export interface NextHop {
  /** A name or an address, IPv6 with or without brackets; the `maddr` parameter when there is one. */
  readonly host: string;
  readonly port?: number | undefined;
  readonly transport?: Transport | undefined;
  /** A `sips:` URI: TLS or nothing. */
  readonly secure: boolean;
}

/** One address to try. */
export interface Candidate {
  readonly transport: Transport;
  /** IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
  /** The name the peer's certificate must bear: the one asked for, not what DNS made of it (RFC 5922 §7.2). */
  readonly serverName?: string;
}

export interface Resolver {
  /** Where to go, in the order to try; nothing when the name leads nowhere. Never rejects. */
  resolve(nextHop: NextHop): Promise<readonly Candidate[]>;
  /** The same at once, when it is an address or all of it is known; `undefined` when DNS must be asked. */
  resolveNow(nextHop: NextHop): readonly Candidate[] | undefined;
  readonly cached: number;
}

export interface ResolverOptions {
  /** Default: the system's, read again every half minute. */
  readonly servers?: readonly DnsServer[];
  /** What the engine can speak, the preferred first. */
  readonly transports?: readonly Transport[];
  /** Milliseconds, never going back. */
  readonly now?: () => number;
  readonly random?: () => number;
  readonly timeoutMs?: number;
  readonly maxEntries?: number;
  readonly maxAsking?: number;
  readonly staleSeconds?: number;
  readonly hosts?: () => Promise<Hosts>;
  /** No DNS server answered; old answers are used on for a while. */
  readonly onFailure?: (problem: unknown) => void;
}

const SERVICE_PREFIX: Readonly<Record<Transport, string>> = {
  udp: '_sip._udp.',
  tcp: '_sip._tcp.',
  tls: '_sips._tcp.',
  ws: '_sip._ws.',
  wss: '_sips._ws.',
};
const NAPTR_SERVICE: Readonly<Record<string, Transport>> = {
  'SIP+D2U': 'udp',
  'SIP+D2T': 'tcp',
  'SIPS+D2T': 'tls',
  'SIP+D2W': 'ws',
  'SIPS+D2W': 'wss',
};
/** RFC 3261 §19.1.2, RFC 7118 §5.1. */
const DEFAULT_PORT: Readonly<Record<Transport, number>> = {
  udp: 5060,
  tcp: 5060,
  tls: 5061,
  ws: 80,
  wss: 443,
};
const SECURE_FORM: Readonly<Record<Transport, Transport | undefined>> = {
  udp: undefined,
  tcp: 'tls',
  tls: 'tls',
  ws: 'wss',
  wss: 'wss',
};

/** A name that leads further than this is somebody's joke. */
const MAX_CANDIDATES = 16;
/** NAPTR, SRV, addresses, and one to see the result; more only if answers expire while others are waited for. */
const MAX_ROUNDS = 8;
const FILES_MS = 30_000;
const LOOKUP_TTL_SECONDS = 30;

const HOST_NAME = /^(?=.{1,253}$)(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/;

/** RFC 3263: from a next hop to the addresses to try. */
export function createResolver(options: ResolverOptions = {}): Resolver {
  const {
    transports = ['udp', 'tcp', 'tls'],
    now = () => performance.now(),
    random = Math.random,
    timeoutMs = 1500,
  } = options;

  const given = options.servers;
  const client = createDnsClient({
    servers: given ? () => given : everySoOften(now, readSystemServers),
    timeoutMs,
  });
  const hosts = everySoOften(now, options.hosts ?? readHosts);

  async function query<Kind extends RecordKind>(
    name: string,
    kind: Kind,
  ): Promise<DnsAnswer<Kind>> {
    if (kind === 'A' || kind === 'AAAA') {
      const local = await localAddresses(name, kind);
      if (local) return { records: local, ttlSeconds: LOOKUP_TTL_SECONDS } as DnsAnswer<Kind>;
    }
    return client.query(name, kind);
  }

  /** What the machine itself knows, before any server is asked; `undefined` for a name of the DNS. */
  async function localAddresses(
    name: string,
    kind: 'A' | 'AAAA',
  ): Promise<readonly string[] | undefined> {
    const family = kind === 'A' ? 4 : 6;
    const own = (await hosts()).get(name);
    if (own) return own.filter((address) => isIP(address) === family);
    if (name === 'localhost' || name.endsWith('.localhost'))
      // RFC 6761 §6.3
      return [family === 4 ? '127.0.0.1' : '::1'];
    if (name.includes('.') || given) return undefined;
    // A single label is for the system's search list, mDNS and the like.
    const found = await within(timeoutMs * 4, lookup(name, { family, all: true })).catch(notFound);
    return found.map(({ address }) => address);
  }

  const cache = createRecordCache({
    query,
    now,
    maxEntries: options.maxEntries ?? 10_000,
    maxAsking: options.maxAsking ?? 256,
    staleSeconds: options.staleSeconds ?? 3600,
    ...(options.onFailure && { onFailure: options.onFailure }),
  });

  /** Walks as far as what is known leads, and notes what is missing. Both ways of resolving are this walk. */
  function walk(nextHop: NextHop, missing: Missing[]): readonly Candidate[] {
    const { secure } = nextHop;
    const host = plainName(nextHop.host);
    const asked = nextHop.transport;
    const transport = asked && secure ? SECURE_FORM[asked] : asked;
    if (asked && !transport) return []; // sips: over UDP is a contradiction
    const fallback = transport ?? (secure ? 'tls' : 'udp');

    const literal = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
    if (isIP(literal) !== 0) {
      const port = nextHop.port ?? DEFAULT_PORT[fallback];
      return [{ transport: fallback, address: literal, port }];
    }
    if (!HOST_NAME.test(host)) return [];

    const serverName = host;
    const candidates: Candidate[] = [];
    const look = <Kind extends RecordKind>(name: string, kind: Kind) => {
      const records = cache.known(name, kind);
      if (records === undefined) missing.push({ name, kind });
      return records ?? [];
    };
    const add = (name: string, port: number, by: Transport) => {
      // IPv4 first: a name with an IPv6 address nobody listens on (localhost!) is more common than the reverse.
      const addresses = isIP(name) ? [name] : [...look(name, 'A'), ...look(name, 'AAAA')];
      const named = by === 'tls' || by === 'wss';
      for (const address of addresses)
        candidates.push({ transport: by, address, port, ...(named && { serverName }) });
    };
    const addServices = (records: readonly ServiceRecord[], by: Transport) => {
      for (const { target, port } of serviceOrder(records, random))
        if (target !== '') add(target, port, by);
    };
    const finish = () => (missing.length > 0 ? [] : distinct(candidates));

    if (nextHop.port !== undefined) {
      add(host, nextHop.port, fallback);
      return finish();
    }

    let services: [string, Transport][] = transport
      ? [[SERVICE_PREFIX[transport] + host, transport]]
      : pointedTo(look(host, 'NAPTR'), transports, secure);
    if (missing.length > 0) return [];
    if (services.length === 0)
      services = transports
        .filter((by) => !secure || by === 'tls')
        .map((by) => [SERVICE_PREFIX[by] + host, by]);

    const found = services.map(([name, by]) => [look(name, 'SRV'), by] as const);
    if (missing.length > 0) return [];
    for (const [records, by] of found) addServices(records, by);
    if (found.every(([records]) => records.length === 0))
      add(host, DEFAULT_PORT[fallback], fallback);
    return finish();
  }

  function resolveNow(nextHop: NextHop): readonly Candidate[] | undefined {
    const missing: Missing[] = [];
    const candidates = walk(nextHop, missing);
    return missing.length === 0 ? candidates : undefined;
  }

  return {
    resolveNow,
    async resolve(nextHop) {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const missing: Missing[] = [];
        const candidates = walk(nextHop, missing);
        if (missing.length === 0) return candidates;
        await Promise.all(missing.map(({ name, kind }) => cache.fetch(name, kind)));
      }
      return [];
    },
    get cached() {
      return cache.size;
    },
  };
}

interface Missing {
  readonly name: string;
  readonly kind: RecordKind;
}

/**
 * The services a domain points to, RFC 3263 §4.1. Only those of the lowest order that has one we speak
 * (RFC 3403 §4.1): going on to the next would let TLS fall back to what the domain ranks below it.
 */
function pointedTo(
  records: readonly PointerRecord[],
  transports: readonly Transport[],
  secure: boolean,
): [string, Transport][] {
  const spoken: { order: number; name: string; by: Transport }[] = [];
  const sorted = [...records].sort((a, b) => a.order - b.order || a.preference - b.preference);
  for (const { order, flags, service, regexp, replacement } of sorted) {
    const by = NAPTR_SERVICE[service];
    const fits = by && transports.includes(by) && (!secure || service.startsWith('SIPS+'));
    if (fits && flags === 's' && regexp === '' && replacement !== '')
      spoken.push({ order, name: replacement, by });
  }
  return spoken.filter(({ order }) => order === spoken[0]?.order).map(({ name, by }) => [name, by]);
}

function distinct(candidates: readonly Candidate[]): readonly Candidate[] {
  if (candidates.length < 2) return candidates;
  const seen = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const { transport, address, port } = candidate;
    const key = `${transport} ${address} ${port}`;
    if (!seen.has(key)) seen.set(key, candidate);
  }
  return [...seen.values()].slice(0, MAX_CANDIDATES);
}

/** Reads something at most every half minute. */
function everySoOften<T>(now: () => number, read: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | undefined;
  let readAt = 0;
  return () => {
    if (value === undefined || now() - readAt >= FILES_MS) {
      readAt = now();
      value = read();
    }
    return value;
  };
}

/** "No such name" is an answer; that nobody could be asked is not. */
function notFound(problem: unknown): never[] {
  const { code } = problem as { code?: string };
  if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
  throw problem;
}

/** The system's own look-up cannot be called off; its answer is then no longer waited for. */
function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the system did not answer in time')), ms);
  });
  return Promise.race([promise, tooLate]).finally(() => clearTimeout(timer));
}
