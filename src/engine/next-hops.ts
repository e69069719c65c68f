import { detached } from '../sip/message/detached.ts';
import { bareHost, parseUri, uriParameter } from '../sip/message/uri.ts';
import type { NextHop } from './resolve/resolver.ts';

const MOST = 1024;
/** Longer ones are a stranger's work, and not worth the room. */
const LONGEST = 256;
const transports = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const;

/** Reads next-hop URIs. The configured ones come again with every request, so what they say is remembered. */
export class NextHops {
  readonly #read = new Map<string, NextHop | undefined>();

  /** Undefined when it is no SIP URI. */
  read(uri: string): NextHop | undefined {
    const known = this.#read.get(uri);
    if (known !== undefined) return known;
    if (uri.length > LONGEST) return nextHopOf(uri);
    if (this.#read.size >= MOST) this.#read.clear();
    const kept = detached(uri);
    const hop = nextHopOf(kept);
    this.#read.set(kept, hop);
    return hop;
  }
}

/** Undefined when it is no SIP URI. */
export function nextHopOf(text: string): NextHop | undefined {
  const uri = parseUri(text);
  if (uri === undefined) return undefined;
  const transport = uriParameter(uri.parameters, 'transport')?.toLowerCase();
  return {
    host: bareHost(uriParameter(uri.parameters, 'maddr') ?? uri.host),
    port: uri.port,
    transport: transports.find((known) => known === transport),
    secure: uri.scheme === 'sips',
  };
}
