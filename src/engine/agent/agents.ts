import { randomUUID } from 'node:crypto';
import type { CallEnd } from '../../edge/signaling.ts';
import type { Message } from '../../sip/message/message.ts';
import type { LiveCall } from '../call-table.ts';
import type { Core } from '../core.ts';
import type { IncomingRequest } from '../incoming-request.ts';
import type { Agents, Choice, Command, Program, Programs } from '../protocol/program.ts';
import type { ServerTransaction } from '../server-transaction.ts';
import type { Channel } from '../transport/transports.ts';
import { CallRecords } from './call-records.ts';
import { Proxies } from './proxy/proxies.ts';
import { proxyByChoice, proxyCommand } from './proxy-command.ts';
import { ServedRequest } from './served-request.ts';

/** What the parts of the agents share. */
export interface AgentHost {
  readonly core: Core;
  readonly programs: Programs;
  readonly records: CallRecords;
  readonly proxies: Proxies;
  /** It has been answered, or is no longer the program's to answer. */
  forget(served: ServedRequest): void;
}

/** What programs do with SIP: their side of transactions and dialogs. */
export class ProgramAgents implements Agents, AgentHost {
  readonly core: Core;
  readonly programs: Programs;
  readonly records: CallRecords;
  readonly proxies: Proxies;
  /** Requests that wait for a program's answer, by transactionId. */
  readonly #served = new Map<string, ServedRequest>();

  constructor(core: Core, open: (agents: Agents) => Programs) {
    this.core = core;
    this.programs = open(this);
    this.records = new CallRecords(this.programs);
    this.proxies = new Proxies(core, this.records, (uri) => ({ nextHop: uri }));
  }

  forget(served: ServedRequest): void {
    this.#served.delete(served.id);
  }

  // --- what the network brings

  /** Is this request for the programs? Then it is theirs from here on. */
  requestReceived(incoming: IncomingRequest, transaction: ServerTransaction): boolean {
    const { request, channel } = incoming;
    if (request.toTag !== '') return this.proxies.requestReceived(incoming);
    if (!this.programs.takes(request, channel)) return false;
    const served = new ServedRequest(this, randomUUID(), incoming, transaction);
    transaction.user = served;
    this.#served.set(served.id, served);
    this.programs.choose(request, channel, (choice) => this.#chosen(served, choice));
    return true;
  }

  #chosen(served: ServedRequest, choice: Choice): void {
    if (this.#served.get(served.id) !== served) return; // cancelled meanwhile
    switch (choice.kind) {
      case 'program':
        served.program = choice.program;
        return;
      case 'reject':
        served.answerNow(choice.status, undefined, choice.reason);
        return;
      case 'redirect':
        served.answerNow(
          302,
          choice.contacts.map((uri) => ({ name: 'Contact', value: `<${uri}>` })),
        );
        return;
      case 'proxy':
        proxyByChoice(this, choice, served);
        return;
    }
  }

  /** A call that is carried by the engine is over. */
  callEnded(call: LiveCall, why: CallEnd): void {
    this.proxies.callEnded(call, why);
  }

  /** An ACK to a 2xx that a program gave. */
  ackReceived(_request: Message, _channel: Channel): boolean {
    return false;
  }

  // --- what programs ask for

  command(program: Program, command: Command): void {
    if (command.kind === 'proxy') {
      const served = this.#served.get(command.transactionId);
      if (served === undefined || served.program !== program)
        program.send([
          'response',
          command.id,
          'NOK',
          `Unknown transaction id: ${command.transactionId}`,
        ]);
      else proxyCommand(this, program, command, served);
    }
  }

  lost(program: Program): void {
    for (const served of [...this.#served.values()])
      if (served.program === program) served.answerNow(503);
  }
}
