import { isIP } from 'node:net';
import type { Transport } from '../edge/signaling.ts';
import { expected, type Understood, understood } from '../policy/written.ts';

export const transports: readonly Transport[] = ['udp', 'tcp', 'tls', 'ws', 'wss'];

const hostName =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\.?$/i;

export interface HostPort {
  readonly host: string;
  readonly port?: number;
}

/** A host name or address, with or without a port; IPv6 in brackets. The brackets are not kept. */
export function readHostPort(text: string): Understood<HostPort> {
  const form = 'a host name or address, with or without :port (IPv6 in brackets)';
  const match = /^(?:\[([^\]]*)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  if (!match) return expected(form);
  const [, bracketed, plain = '', portText] = match;
  const good =
    bracketed === undefined ? isIP(plain) === 4 || hostName.test(plain) : isIP(bracketed) === 6;
  if (!good) return expected(form);
  const host = bracketed ?? plain;
  if (portText === undefined) return understood({ host });
  const port = Number(portText);
  return port >= 1 && port <= 65_535
    ? understood({ host, port })
    : expected('a port from 1 to 65535');
}

/** A drachtio-server's own port, for programs. */
const SERVER_PORT = 9022;

/** `127.0.0.1`, `sip.example.com:9022`, `[2001:db8::1]:9022`. */
export function readServer(text: string): Understood<Required<HostPort>> {
  const read = readHostPort(text);
  return read.ok
    ? understood({ host: read.value.host, port: read.value.port ?? SERVER_PORT })
    : read;
}

/** A SIP URI that names a next hop: no user part, a known transport. Returned as written. */
export function readHopUri(text: string): Understood<string> {
  const form = 'a SIP URI such as sip:192.0.2.10:5060 or sips:pbx.example.com;transport=tcp';
  const match = /^sips?:([^;?]+)((?:;[^;?=\s]+(?:=[^;?\s]*)?)*)$/i.exec(text);
  if (!match) return expected(form, { meant: uriMeant(text) });
  const [, place = '', parameters = ''] = match;
  if (place.includes('@')) return expected(`${form}, without a user part`);
  const hostPort = readHostPort(place);
  if (!hostPort.ok)
    return expected(`${form}; ${hostPort.expected} after the scheme`, { meant: uriMeant(text) });
  const transport = /;transport=([^;]*)/i.exec(parameters)?.[1]?.toLowerCase();
  if (transport !== undefined && !transports.some((known) => known === transport)) {
    return expected(`;transport= one of ${transports.join(', ')}`);
  }
  return understood(text);
}

/** `192.0.2.10:5060`, and `sip://pbx` as a web server is written. */
function uriMeant(text: string): string | undefined {
  const place = text.replace(/^[a-z]+:\/\//i, '');
  return readHostPort(place).ok ? `sip:${place}` : undefined;
}

/** The `host:port` part of a URI that `readHopUri` accepted. */
export function hopOf(uri: string): string {
  return uri.replace(/^sips?:/i, '').replace(/;.*$/s, '');
}

/** The host of such a URI. */
export function hostOf(uri: string): string | undefined {
  const place = readHostPort(hopOf(uri));
  return place.ok ? place.value.host : undefined;
}

export interface RedisServer {
  /** A path is that of a unix socket. */
  readonly at: { readonly host: string; readonly port: number } | { readonly path: string };
  readonly tls: boolean;
  readonly database: number;
}

/** Redis' own port, and that of sentinels is another: it must be named there. */
const REDIS_PORT = 6379;

/** `redis://host:port/db`, `rediss://…`, `unix:///path`. A password has no place in it. */
export function readRedisServer(text: string): Understood<RedisServer> {
  const form = 'redis://host[:port][/database], rediss://… or unix:///path/to/socket';
  const socket = /^unix:\/\/(\/[^?]+)(?:\?db=(\d{1,4}))?$/.exec(text);
  if (socket) {
    const [, path = '', database = '0'] = socket;
    return understood({ at: { path }, tls: false, database: Number(database) });
  }
  const [, scheme, place, database = '0'] =
    /^(rediss?):\/\/([^/]+)(?:\/(\d{0,4}))?$/.exec(text) ?? [];
  if (place === undefined) return expected(form);
  if (place.includes('@'))
    return expected(
      `${form}, without user and password: those are cluster.redis.user and a variable`,
    );
  const read = readHostPort(place);
  if (!read.ok) return expected(form);
  const { host, port = REDIS_PORT } = read.value;
  return understood({ at: { host, port }, tls: scheme === 'rediss', database: Number(database) });
}

/** Who is asked about a request: a program at `tcp://host:port` or `tls://host:port`, or a web server. As written. */
export function readHandlerUrl(text: string): Understood<string> {
  const form = 'tcp://host:port, tls://host:port, or the http:// or https:// URL of a web server';
  const program = /^(?:tcp|tls):\/\/(.*)$/i.exec(text);
  if (program) {
    const place = readHostPort(program[1] ?? '');
    return place.ok && place.value.port !== undefined ? understood(text) : expected(form);
  }
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return expected(form);
  const { username, password } = new URL(text);
  return username === '' && password === ''
    ? understood(text)
    : expected(`${form}; no user and password in it`);
}

/** `https://phones.example.com`: where a page is from, as a browser says it. */
export function readOrigin(text: string): Understood<string> {
  const form = 'the scheme, host and port of a page, such as https://phones.example.com';
  const { origin = '' } = URL.canParse(text) ? new URL(text) : {};
  if (origin === text.toLowerCase()) return understood(origin);
  return expected(form, { meant: origin === '' || origin === 'null' ? undefined : origin });
}

/** `host:port` for people, with brackets where IPv6 needs them. */
export function showHostPort(host: string, port: number): string {
  return `${inBrackets(host)}:${port}`;
}

/** An IPv6 address as it stands where a port can follow. */
export const inBrackets = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host);
