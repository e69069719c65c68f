import type { Core } from '../core.ts';
import type { IncomingRequest } from '../incoming-request.ts';
import type { Programs } from '../protocol/program.ts';
import type { ServerTransaction } from '../server-transaction.ts';
import type { Channel } from '../transport/transports.ts';
import type { CallRecords } from './call-records.ts';
import type { Dialog } from './dialog.ts';
import type { Dialogs } from './dialogs.ts';
import type { Proxies } from './proxy/proxies.ts';
import type { RegisteredContacts } from './registered-contacts.ts';
import type { Sending, SentRequest } from './sent-request.ts';
import type { ServedRequest } from './served-request.ts';

export interface AgentLimits {
  readonly dialogs: number;
  /** Requests that programs have sent and that have no final answer. */
  readonly requests: number;
  readonly contacts: number;
  /** How long a dialog is remembered in which nothing happens. */
  forgetAfterMs(): number;
}

/** What the engine has beyond what its parts share. */
export interface AgentCore extends Core {
  /** Is there somebody, as far as we know, who gets what goes to this channel? */
  hears(channel: Channel): boolean;
}

/** What the parts of the agents share. */
export interface AgentHost {
  readonly core: AgentCore;
  readonly programs: Programs;
  readonly records: CallRecords;
  readonly proxies: Proxies;
  readonly contacts: RegisteredContacts;
  readonly dialogs: Dialogs;
  readonly limits: AgentLimits;
  newId(): string;
  /** May programs have one more request, and one more dialog if it makes one? */
  hasRoom(makesDialog: boolean): boolean;
  /** The wire as it would go out, for its form's sake. */
  composeUnsent(sending: Sending): string;
  /** Where this was received, as programs are told. */
  localAddress(channel: Channel): { readonly address: string; readonly port: number };
  /** A request that a program is to answer from now on, known by its own id, or by this key. */
  serve(
    id: string,
    incoming: IncomingRequest,
    transaction: ServerTransaction,
    dialog?: Dialog,
    key?: string,
  ): ServedRequest;
  isServed(key: string): boolean;
  /** It has been answered, or is no longer the program's to answer. */
  forget(served: ServedRequest): void;
  /** It has its final answer. */
  forgetSent(sent: SentRequest): void;
  /** A program's request from now on, until its final answer. */
  launch(sent: SentRequest): void;
}
