import { detached } from '../../sip/message/detached.ts';
import type { Command } from './program.ts';

/** What one frame of a program asks for. */
export type Asked =
  | {
      readonly kind: 'authenticate';
      readonly id: string;
      readonly secret: string;
      readonly tags: readonly string[];
    }
  | { readonly kind: 'ping'; readonly id: string }
  | { readonly kind: 'route' | 'remove_route'; readonly id: string; readonly verb: string }
  | Command
  /** Answered `NO` with this reason; then the connection is closed. */
  | { readonly kind: 'malformed'; readonly id: string; readonly reason: string };

const MOST_ID = 128;
const MOST_TAGS = 20;
const TAG = /^[A-Za-z0-9\-_+@:]{1,32}$/;
/** A method in any case, or a kind of call record. */
const VERB = /^(?:[a-z0-9.!%*_+`'~-]{1,32}|cdr:(?:attempt|start|stop))$/;

/** Takes a frame apart: its meta line up to the first CRLF, and behind that a SIP message where one belongs. */
export function readCommand(payload: string): Asked {
  const lineEnd = payload.indexOf('\r\n');
  const line = lineEnd < 0 ? payload : payload.slice(0, lineEnd);
  const text = lineEnd < 0 ? '' : payload.slice(lineEnd + 2);
  const tokens = line.split('|');
  const [first = '', type, ...rest] = tokens;
  const id = detached(first);
  const malformed = (reason: string): Asked => ({
    kind: 'malformed',
    id: isId(id) ? id : '',
    reason,
  });
  if (type === undefined || !isId(id) || /[\r\n\0]/.test(line))
    return malformed('Invalid message format');

  switch (type) {
    case 'authenticate': {
      const [secret = '', tagList = ''] = rest;
      if (secret === '') return malformed('Invalid message format');
      const tags = tagList === '' ? [] : tagList.split(',');
      if (tags.length > MOST_TAGS || !tags.every((tag) => TAG.test(tag)))
        return malformed(`Invalid tags: at most ${MOST_TAGS}, of up to 32 of A-Za-z0-9-_+@:`);
      return { kind: 'authenticate', id, secret, tags: tags.map(detached) };
    }
    case 'ping':
      return { kind: 'ping', id };
    case 'route':
    case 'remove_route': {
      const verb = rest[0]?.toLowerCase() ?? '';
      return VERB.test(verb)
        ? { kind: type, id, verb: detached(verb) }
        : malformed('Invalid message format');
    }
    case 'sip':
      return readSip(id, rest, text) ?? malformed(whySipIsWrong(rest, text));
    case 'proxy':
      return (
        readProxy(id, rest, text) ??
        malformed('Invalid proxy request: not enough information provided')
      );
    default:
      return malformed('Unknown message type');
  }
}

const isId = (id: string): boolean =>
  id.length > 0 && id.length <= MOST_ID && /^[\x21-\x7e]+$/.test(id);

function readSip(id: string, tokens: readonly string[], text: string): Command | undefined {
  const [transactionId = '', dialogId, routeUrl = ''] = tokens;
  if (dialogId === undefined || text === '') return undefined;
  if (transactionId === '' && isResponse(text)) return undefined;
  return {
    kind: 'sip',
    id,
    transactionId,
    dialogId,
    routeUrl: routeUrl === '' ? undefined : routeUrl,
    text,
  };
}

const whySipIsWrong = (tokens: readonly string[], text: string): string =>
  tokens.length >= 2 && isResponse(text) ? 'transaction id missing' : 'Invalid message format';

const isResponse = (text: string): boolean => text.startsWith('SIP/');

function readProxy(id: string, tokens: readonly string[], text: string): Command | undefined {
  const [transactionId = '', record, full, redirects, launch, provisional, final, ...rest] = tokens;
  const destinations = rest.filter((uri) => uri !== '');
  if (transactionId === '' || destinations.length === 0) return undefined;
  return {
    kind: 'proxy',
    id,
    transactionId,
    recordRoute: record === 'remainInDialog',
    fullResponse: full === 'fullResponse',
    followRedirects: redirects === 'followRedirects',
    simultaneous: launch === 'simultaneous',
    provisionalTimeoutMs: readDuration(provisional),
    finalTimeoutMs: readDuration(final),
    destinations,
    text,
  };
}

const LONGEST_MS = 86_400_000;

/** `500ms`, `2s`; undefined for what is neither. A wait of nothing, or of days, is none. */
export function readDuration(text = ''): number | undefined {
  const [, digits = '', unit] = /^(\d{1,9})(ms|s)$/.exec(text) ?? [];
  const ms = Number(digits) * (unit === 's' ? 1000 : 1);
  return ms > 0 && ms <= LONGEST_MS ? ms : undefined;
}
