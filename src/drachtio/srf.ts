import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import DrachtioSrf from 'drachtio-srf';

/**
 * What we use of drachtio-srf, as it really is: its own types leave most of it out. We stay below its dialogs,
 * which answer by themselves what must be passed on.
 */
export interface Srf extends EventEmitter {
  readonly app: {
    use(handler: (request: SrfRequest, response: SrfResponse) => void): void;
    use(method: string, handler: () => void): void;
    readonly client: SrfAgent;
  };
  connect(options: SrfConnection): void;
}

export interface SrfConnection {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  readonly tls?: ConnectionOptions;
  readonly reconnect: { readonly maxAttempts: number };
}

export interface SrfAgent {
  readonly mapServer: ReadonlyMap<
    Socket,
    {
      readonly pendingRequests: Map<string, (tokens: readonly string[]) => void>;
      readonly pendingNetworkInvites: Map<string, unknown>;
    }
  >;
  readonly wp: EventEmitter & { closing?: boolean; send(socket: Socket, frame: string): string };
  request(
    options: SrfOptions,
    sent: (problem: Error | undefined, request: SrfRequest | undefined) => void,
  ): void;
  sendResponse(
    response: SrfResponse,
    options: { readonly headers?: SrfHeaders; readonly body?: string },
    sent?: (problem: unknown) => void,
  ): void;
}

export type SrfHeaders = Readonly<Record<string, string>>;

export interface SrfOptions {
  readonly method: string;
  readonly uri?: string;
  readonly headers: SrfHeaders;
  readonly body?: string;
  /** The next hop. */
  readonly proxy?: string;
  readonly stackTxnId?: string;
  readonly stackDialogId?: string;
  readonly _socket: Socket;
}

interface Meta {
  readonly source: string;
  /** Empty when nobody sent it: the server made it up. */
  readonly source_address: string;
  readonly source_port: number;
  readonly protocol: string;
  readonly stackTxnId: string;
  readonly stackDialogId: string;
}

export interface SrfRequest extends EventEmitter, Meta {
  readonly method: string;
  /** `address:port` of the listener. */
  readonly receivedOn?: string;
  readonly msg: { readonly raw: string };
}

export interface SrfResponse extends Meta {
  readonly agent: SrfAgent;
  readonly socket: Socket;
  finished: boolean;
  status: number;
  readonly msg: {
    readonly raw: string;
    status: number;
    reason: string;
    readonly headers: Record<string, string>;
  };
}

/** Acknowledges a 2xx. */
export type SrfAck = (options: { readonly headers?: SrfHeaders; readonly body?: string }) => void;

export const createSrf = DrachtioSrf as unknown as new () => Srf;

/** An INVITE that will not be answered is remembered no longer. */
export const forgetInvite = ({ agent, socket }: SrfResponse, callId: string): void => {
  agent.mapServer.get(socket)?.pendingNetworkInvites.delete(callId);
};
