import type { Target } from '../../edge/signaling.ts';
import type { Message } from '../../sip/message/message.ts';
import { Branch, type BranchUser } from '../branch.ts';
import type { OwnName } from '../own-names.ts';
import { newBranch } from '../random-token.ts';
import type { AgentHost } from './agent-host.ts';
import type { Dialog } from './dialog.ts';
import { stackTime } from './frames.ts';

/** Where a dialog's requests go: over a registered device's own connection if that is who is asked for. */
export function targetOf(host: AgentHost, dialog: Dialog): Target {
  const registered =
    dialog.routes.length === 0 ? host.contacts.channelTo(dialog.target) : undefined;
  return { nextHop: registered ?? dialog.nextHop, realm: dialog.channel.realm };
}

export interface OwnInside {
  readonly method: string;
  /** Whole lines with their CRLFs. */
  readonly headers: string;
  readonly body?: string;
}

/** Sends a request inside a dialog that no program asked for. A further 2xx to an INVITE is reported again. */
export function sendInside(
  host: AgentHost,
  dialog: Dialog,
  { method, headers, body = '' }: OwnInside,
  done: (response: Message | undefined, cseq: number) => void = () => {},
): { cancel(): void } {
  const cseq = ++dialog.localCseq;
  const user: BranchUser = {
    method,
    tryNextAfterMs: undefined,
    write: (_target, _channel, via) => dialog.write({ method, cseq, via, headers, body }),
    branchAnswered: (_branch, response) => {
      if (response.status >= 200) done(response, cseq);
    },
    branchFailed: () => done(undefined, cseq),
  };
  const branch = new Branch(host.core, user, targetOf(host, dialog));
  branch.start();
  return branch;
}

/** Sends the ACK to a 2xx, and hands out what was sent, for a 2xx that is repeated. */
export function acknowledge(
  host: AgentHost,
  dialog: Dialog,
  cseq: number,
  headers = '',
  body = '',
): { readonly wire: string; repeat(): void } {
  const via = viaToward(host, dialog);
  const wire = dialog.write({ method: 'ACK', cseq, via, headers, body });
  const target = targetOf(host, dialog);
  const repeat = () => host.core.waysTo(target, ([way]) => way?.send(wire));
  repeat();
  return { wire, repeat };
}

/** What we are called toward whoever was last heard in the dialog, with a new branch. */
export const viaToward = (host: AgentHost, dialog: Dialog): string =>
  host.core.names.toward(dialog.channel).via + newBranch();

/** Tells the program of a request that we made for it: it answers nothing. */
export function tellUnsolicited(host: AgentHost, dialog: Dialog, wire: string): void {
  const name = host.core.names.toward(dialog.channel);
  dialog.program.send(
    [
      'sip',
      'application',
      ...localWay(wire.length, dialog.channel.transport, name),
      'unsolicited',
      dialog.id,
      '',
    ],
    wire,
  );
}

/** The tokens of what we sent: with our own address and port. */
export function localWay(
  bytes: number,
  transport: string,
  { hostPort }: OwnName,
): readonly (string | number)[] {
  const colon = hostPort.lastIndexOf(':');
  const address = hostPort.slice(0, colon).replace(/[[\]]/g, '');
  return [bytes, transport, address, hostPort.slice(colon + 1), stackTime()];
}
