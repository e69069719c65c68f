import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { rootCertificates } from 'node:tls';
import { Header } from '../../sip/message/header-name.ts';
import type { Message } from '../../sip/message/message.ts';
import { parseNameAddress } from '../../sip/message/name-address.ts';
import { parseUri } from '../../sip/message/uri.ts';
import type { Channel } from '../transport/transports.ts';
import { type Decision, readDecision } from './read-decision.ts';

const CONNECT_MS = 2000;
const TOTAL_MS = 3000;
const MOST_ANSWER_BYTES = 65_536;

export interface WebServer {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** PEM: who may have signed its certificate, besides those everybody trusts. */
  readonly authorities: string | undefined;
}

/**
 * Asks a web server what is to become of a request. `decided` is called once, with why not when it fails;
 * what is returned ends the asking.
 */
export function askWebServer(
  server: WebServer,
  request: Message,
  channel: Channel,
  decided: (decision: Decision | undefined, why: string) => void,
): () => void {
  const { url, method } = server;
  const query = `${new URL(url).search === '' ? '?' : '&'}${queryOf(url, request, channel)}`;
  const body = method === 'POST' ? Buffer.from(request.wire, 'latin1') : undefined;
  let asking = send(server, `${withSlash(url)}${query}`, body);

  let over = false;
  const done = (decision: Decision | undefined, why = ''): void => {
    if (over) return;
    over = true;
    clearTimeout(connecting);
    clearTimeout(total);
    if (decision === undefined) asking.destroy();
    decided(decision, why);
  };
  const connecting = setTimeout(done, CONNECT_MS, undefined, 'no connection in time');
  const total = setTimeout(done, TOTAL_MS, undefined, 'no answer in time');
  const follow = (mayRepeat: boolean): void => {
    asking.on('socket', (socket) => {
      if (socket.connecting) socket.once('connect', () => clearTimeout(connecting));
      else clearTimeout(connecting);
    });
    asking.on('response', (response) => readAnswer(response, done));
    asking.on('error', (problem) => {
      // A connection kept from the last time can have ended just now; that says nothing of the server.
      if (over || !mayRepeat || !asking.reusedSocket) {
        done(undefined, problem.message);
        return;
      }
      asking = send(server, `${withSlash(url)}${query}`, body);
      follow(false);
    });
    asking.end(body);
  };
  follow(true);
  return () => done(undefined, 'it is no longer asked');
}

function send({ method, authorities }: WebServer, to: string, body: Buffer | undefined) {
  const options = {
    method,
    headers: {
      accept: 'application/json',
      ...(body && { 'content-type': 'text/plain', 'content-length': body.length }),
    },
  };
  if (!to.startsWith('https:')) return requestHttp(to, options);
  const ca = authorities === undefined ? {} : { ca: [...rootCertificates, authorities] };
  return requestHttps(to, { ...options, ...ca });
}

function readAnswer(
  response: IncomingMessage,
  done: (decision: Decision | undefined, why?: string) => void,
): void {
  if (response.statusCode !== 200) {
    done(undefined, `it answers ${response.statusCode}`);
    return;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MOST_ANSWER_BYTES) done(undefined, 'its answer is too long');
    else chunks.push(chunk);
  });
  response.on('error', (problem) => done(undefined, problem.message));
  response.on('end', () => {
    const decision = readDecision(Buffer.concat(chunks).toString());
    done(decision, decision === undefined ? 'its answer is none of those there are' : '');
  });
}

/** `…/` before the query, as drachtio asks. */
function withSlash(text: string): string {
  const url = new URL(text);
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url.href;
}

/** A name that every web server reads as it stands: of `source.address` and `method[]` some make another one. */
const plainName = /^[A-Za-z0-9_-]+$/;

/** The request in short. What its URI brings along cannot pass for anything that we, or the operator's URL, say. */
function queryOf(url: string, request: Message, channel: Channel): string {
  const uri = request.uri;
  const facts: [string, string][] = [
    ['method', request.method],
    ['domain', uri?.host ?? ''],
    ['protocol', channel.transport],
    ['source_address', channel.address],
    ['fromUser', userIn(request.value(Header.from))],
    ['toUser', userIn(request.value(Header.to))],
    ['uriUser', uri?.user ?? ''],
    ['contentType', request.value(Header.contentType) ?? ''],
    ['uri', request.requestUri],
  ];
  const said = [...new URL(url).searchParams.keys(), ...facts.map(([name]) => name)];
  const ours = new Set(said.map((name) => name.toLowerCase()));
  for (const parameter of (uri?.parameters ?? '').split(';')) {
    const [name = '', ...value] = parameter.split('=');
    if (plainName.test(name) && !ours.has(name.toLowerCase())) facts.push([name, value.join('=')]);
  }
  return facts.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join('&');
}

const userIn = (header: string | undefined): string =>
  parseUri(parseNameAddress(header ?? '')?.uri ?? '')?.user ?? '';

/** Messages are bytes, one a character; a query is UTF-8. */
const escaped = (text: string): string =>
  encodeURIComponent(Buffer.from(text, 'latin1').toString());
