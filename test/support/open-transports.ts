import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LimitSettings, ListenerSettings, TlsSettings } from '../../src/config/settings.ts';
import { createFlowTokens } from '../../src/edge/flow-token.ts';
import type { Transport } from '../../src/edge/signaling.ts';
import { createTransports } from '../../src/engine/transport/create-transports.ts';
import type {
  Channel,
  TransportEvents,
  Transports,
} from '../../src/engine/transport/transports.ts';

/** What a test says about the transports it wants; all else is generous. */
export interface Wish {
  readonly listen?: readonly (Transport | Partial<ListenerSettings>)[];
  readonly limits?: Partial<LimitSettings>;
  readonly tls?: Partial<TlsSettings>;
  readonly dataDirectory?: string;
  readonly admits?: TransportEvents['admits'];
  readonly isShutOut?: TransportEvents['isShutOut'];
  /** False: datagrams are read and sent one by one, as where the system or the library for more is missing. */
  readonly batched?: boolean;
  /** Called for each message, besides writing it down. */
  readonly onMessage?: (wire: string, channel: Channel) => void;
}

/** Real transports on 127.0.0.1, and everything they reported. */
export interface OpenTransports {
  readonly transports: Transports;
  readonly messages: { readonly wire: string; readonly channel: Channel }[];
  readonly unframeable: { readonly head: string; readonly problem: string }[];
  readonly tooLarge: Channel[];
  readonly closed: Channel[];
  readonly log: { readonly level: string; readonly text: string; readonly fields: object }[];
  readonly dataDirectory: string;
  port(transport: Transport): number;
  close(): Promise<void>;
}

/** Opens transports for one test. */
export async function openTransports(wish: Wish = {}): Promise<OpenTransports> {
  const own = wish.dataDirectory === undefined;
  const dataDirectory = wish.dataDirectory ?? mkdtempSync(join(tmpdir(), 'transports-'));
  const messages: OpenTransports['messages'] = [];
  const unframeable: OpenTransports['unframeable'] = [];
  const tooLarge: Channel[] = [];
  const closed: Channel[] = [];
  const log: OpenTransports['log'] = [];
  const note = (level: string) => (fields: object, text: string) => {
    log.push({ level, text, fields });
  };
  const transports = createTransports(
    {
      dataDirectory,
      listeners: (wish.listen ?? ['udp', 'tcp']).map((one) => ({
        transport: 'tcp',
        address: '127.0.0.1',
        port: 0,
        realm: 'access',
        clientCertificate: 'none',
        ...(typeof one === 'string' ? { transport: one } : one),
      })),
      tls: { certificates: [], warnDaysBeforeExpiry: 30, ...wish.tls },
      limits: {
        connections: 1000,
        connectionsPerSource: 1000,
        handshakeSeconds: 10,
        messageSeconds: 10,
        firstMessageSeconds: 60,
        idleSeconds: 60,
        messageBytes: 65_535,
        transactions: 1000,
        calls: 1000,
        registrations: 1000,
        ...wish.limits,
      },
    },
    {
      admits: wish.admits ?? (() => true),
      isShutOut: wish.isShutOut ?? (() => false),
      realmOf: ({ listener }) => listener.realm,
      message: (wire, channel) => {
        messages.push({ wire, channel });
        wish.onMessage?.(wire, channel);
      },
      unframeable: (head, problem) => unframeable.push({ head, problem }),
      tooLarge: (channel) => tooLarge.push(channel),
      closed: (channel) => closed.push(channel),
    },
    { info: note('info'), warn: note('warn'), error: note('error') },
    createFlowTokens(Buffer.alloc(32, 7)),
    undefined,
    wish.batched === false ? async () => undefined : undefined,
  );
  try {
    await transports.open();
  } catch (problem) {
    if (own) rmSync(dataDirectory, { recursive: true });
    throw problem;
  }
  return {
    transports,
    messages,
    unframeable,
    tooLarge,
    closed,
    log,
    dataDirectory,
    port: (transport) =>
      transports.listeners.find((one) => one.transport === transport)?.port ?? Number.NaN,
    close: async () => {
      await transports.close();
      if (own) rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** A message as a phone would send it, with that body. */
export function aMessage(body = '', callId = 'c1'): string {
  const length = Buffer.byteLength(body);
  return `OPTIONS sip:gate SIP/2.0\r\nCall-ID: ${callId}\r\nContent-Length: ${length}\r\n\r\n${body}`;
}
