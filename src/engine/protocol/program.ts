import type { Message } from '../../sip/message/message.ts';
import type { Channel } from '../transport/transports.ts';

/**
 * Where the two halves of the protocol server meet: `connections` (sockets, frames, secrets, who asked for which
 * method) and `agents` (what programs do with SIP: answer, call, proxy, dialogs).
 */

/** One program: a drachtio-srf process, authenticated, over its own connection. */
export interface Program {
  readonly tags: readonly string[];
  /** False for good once its connection is gone. */
  readonly connected: boolean;
  /** One frame: a new id, these tokens behind it, and a SIP message when there is one. Dropped when not connected. */
  send(tokens: readonly (string | number)[], message?: string): void;
}

/** What a program asks of the agents; its form has been checked. */
export type Command = SipCommand | ProxyCommand;

export interface SipCommand {
  readonly kind: 'sip';
  /** The frame's own id, which the one `response` names. */
  readonly id: string;
  readonly transactionId: string;
  readonly dialogId: string;
  /** Where to send a request instead of where its Request-URI says. */
  readonly routeUrl: string | undefined;
  /** Start line, headers, body; line ends as they came. */
  readonly text: string;
}

export interface ProxyCommand {
  readonly kind: 'proxy';
  readonly id: string;
  readonly transactionId: string;
  readonly recordRoute: boolean;
  readonly fullResponse: boolean;
  readonly followRedirects: boolean;
  readonly simultaneous: boolean;
  readonly provisionalTimeoutMs: number | undefined;
  readonly finalTimeoutMs: number | undefined;
  readonly destinations: readonly string[];
  /** A start line, which means nothing, and headers to add. */
  readonly text: string;
}

/** The agents as the connections see them. */
export interface Agents {
  command(program: Program, command: Command): void;
  /** Its connection is gone: its pending requests are answered 503, its dialogs ended. */
  lost(program: Program): void;
  /** What each program holds now; one that holds nothing is not in it. */
  holdings(): ReadonlyMap<Program, Holding>;
  /** The Call-IDs of the calls that programs are in. */
  callIds(): ReadonlySet<string>;
}

export interface Holding {
  /** Requests, either way, that wait for their answer. */
  readonly requests: number;
  readonly calls: number;
  readonly subscriptions: number;
}

/** The connections as the agents see them. */
export interface Programs {
  /** Is this new request, outside any dialog, for the programs? By `routes/programs.yaml` alone; must be quick. */
  takes(request: Message, channel: Channel): boolean;
  /** Who is to have it, now or after a program was connected to or a web server asked. Called back once. */
  choose(request: Message, channel: Channel, chosen: (choice: Choice) => void): void;
  /** Who asked for these call records, in turn. */
  recorderOf(kind: RecordKind): Program | undefined;
}

export type RecordKind = 'cdr:attempt' | 'cdr:start' | 'cdr:stop';

export type Choice =
  | {
      readonly kind: 'program';
      readonly program: Program;
      /** To be called when the caller gives up before the program has answered. */
      readonly withdrawn?: () => void;
    }
  /** Nobody asked for this method: 503. A program could not be reached: 480. A web server decided: its own. */
  | {
      readonly kind: 'reject';
      readonly status: number;
      readonly reason?: string;
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: 'redirect'; readonly contacts: readonly string[] }
  | {
      readonly kind: 'proxy';
      readonly destinations: readonly string[];
      readonly recordRoute: boolean;
      readonly followRedirects: boolean;
      readonly simultaneous: boolean;
      readonly provisionalTimeoutMs: number | undefined;
      readonly finalTimeoutMs: number | undefined;
    };
