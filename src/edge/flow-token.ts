import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';
import { packAddress, unpackAddress } from './packed-address.ts';
import type { Transport } from './signaling.ts';

/** What a token says about a flow. */
export interface FlowFacts {
  readonly transport: Transport;
  /** Names the listener, the same over restarts: see `listenerNumber`. */
  readonly listener: number;
  readonly address: string;
  readonly port: number;
  /** Which connection of this process; 0 for UDP, which has none. */
  readonly serial: number;
}

export interface FlowTokens {
  sign(facts: FlowFacts): string;
  /** `stale`: ours, but of a connection of an earlier process. Never throws, whatever it is given. */
  verify(token: string): FlowFacts | 'forged' | 'stale';
  /** What marks the tokens of connections of this process. */
  readonly boot: Buffer;
  /** With the same key, for the connections of a process that has this mark. */
  of(boot: Buffer): FlowTokens;
}

const VERSION = 1;
const TRANSPORTS: readonly Transport[] = ['udp', 'tcp', 'tls', 'ws', 'wss'];
const BEFORE_ADDRESS = 7;
const MAC_BYTES = 10;
const BOOT_BYTES = 4;
const SERIAL_BYTES = 5;
/** All sizes are multiples of three bytes, so that base64 has no unused bits and one token has one spelling. */
const SPELLING = /^[A-Za-z0-9_-]{28,56}$/;
const REMEMBERED = 4096;

/**
 * Makes and checks the names of flows that stand in Contact, Path and Route: base64url, safe in the user
 * part of a URI, and authenticated so that nobody can be led to a connection of somebody else (RFC 5626
 * §5.2). A UDP token is good as long as the key is; a connection's ends with the connection.
 */
export function createFlowTokens(key: Buffer, boot: Buffer = randomBytes(BOOT_BYTES)): FlowTokens {
  const secret = createSecretKey(key);
  /** Only what was found authentic is remembered, so a stranger cannot fill it. */
  let remembered = new Map<string, FlowFacts>();

  const mac = (body: Buffer): Buffer =>
    createHmac('sha256', secret).update(body).digest().subarray(0, MAC_BYTES);

  return {
    boot,
    of: (other) => createFlowTokens(key, other),

    sign(facts) {
      const body = pack(facts, boot);
      return Buffer.concat([body, mac(body)]).toString('base64url');
    },

    verify(token) {
      const known = remembered.get(token);
      if (known !== undefined) return known;

      if (!SPELLING.test(token) || token.length % 4 !== 0) return 'forged';
      const bytes = Buffer.from(token, 'base64url');
      const body = bytes.subarray(0, -MAC_BYTES);
      if (!timingSafeEqual(mac(body), bytes.subarray(-MAC_BYTES))) return 'forged';

      const facts = unpack(body, boot);
      if (typeof facts === 'string') return facts;
      if (remembered.size >= REMEMBERED) remembered = new Map();
      remembered.set(token, facts);
      return facts;
    },
  };
}

/** A short number for a listener that stays the same when the process restarts or listeners change order. */
export function listenerNumber(listener: {
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
}): number {
  // FNV-1a: it only has to tell a handful of listeners apart, the MAC keeps strangers out.
  let hash = 0x811c9dc5;
  for (const character of `${listener.transport} ${listener.address} ${listener.port}`)
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return hash;
}

function pack(facts: FlowFacts, boot: Buffer): Buffer {
  const address = packAddress(facts.address);
  if (address === undefined) throw new Error(`not an IP address: ${facts.address}`);

  const before = Buffer.alloc(BEFORE_ADDRESS);
  before[0] = (VERSION << 4) | TRANSPORTS.indexOf(facts.transport);
  before.writeUInt32BE(facts.listener, 1);
  before.writeUInt16BE(facts.port, 5);
  if (facts.transport === 'udp') return Buffer.concat([before, address]);

  const serial = Buffer.alloc(SERIAL_BYTES);
  serial.writeUIntBE(facts.serial, 0, SERIAL_BYTES);
  return Buffer.concat([before, address, boot, serial]);
}

function unpack(body: Buffer, boot: Buffer): FlowFacts | 'forged' | 'stale' {
  const kind = body[0] ?? 0;
  const transport = TRANSPORTS[kind & 15];
  if (kind >> 4 !== VERSION || transport === undefined) return 'forged';

  const rest = transport === 'udp' ? 0 : BOOT_BYTES + SERIAL_BYTES;
  const addressEnd = body.length - rest;
  const addressSize = addressEnd - BEFORE_ADDRESS;
  if (addressSize !== 4 && addressSize !== 16) return 'forged';
  if (rest > 0 && !body.subarray(addressEnd, addressEnd + BOOT_BYTES).equals(boot)) return 'stale';

  return {
    transport,
    listener: body.readUInt32BE(1),
    address: unpackAddress(body.subarray(BEFORE_ADDRESS, addressEnd)),
    port: body.readUInt16BE(5),
    serial: rest > 0 ? body.readUIntBE(addressEnd + BOOT_BYTES, SERIAL_BYTES) : 0,
  };
}
