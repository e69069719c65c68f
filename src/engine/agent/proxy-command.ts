import type { Message } from '../../sip/message/message.ts';
import type { Choice, Program, ProxyCommand } from '../protocol/program.ts';
import type { Channel } from '../transport/transports.ts';
import type { AgentHost } from './agent-host.ts';
import { readAppMessage } from './app-headers.ts';
import { deliverable, wayOf } from './frames.ts';
import { AddedHeaders } from './proxy/added-headers.ts';
import { destination } from './proxy/destinations.ts';
import type { ProxyPlan, ProxyWatcher } from './proxy/proxying.ts';
import type { ServedRequest } from './served-request.ts';

/** A program has its request proxied: one `done` or `NOK` for it, whatever happens. */
export function proxyCommand(
  host: AgentHost,
  program: Program,
  command: ProxyCommand,
  served: ServedRequest,
): void {
  const { headers } = readAppMessage(command.text);
  proxy(
    host,
    served,
    { ...command, headers: new AddedHeaders(headers) },
    new Report(program, command),
  );
}

/** A web server has a request proxied; no program hears of it. */
export function proxyByChoice(
  host: AgentHost,
  choice: Extract<Choice, { kind: 'proxy' }>,
  served: ServedRequest,
): void {
  proxy(host, served, { ...choice, headers: new AddedHeaders([]) }, nobody);
}

type Asked = Omit<ProxyPlan, 'destinations'> & { readonly destinations: readonly string[] };

function proxy(host: AgentHost, served: ServedRequest, plan: Asked, watcher: ProxyWatcher): void {
  const destinations = plan.destinations.map(destination);
  host.proxies.proxy(served.handOver(), served.transaction, { ...plan, destinations }, watcher);
}

const nobody: ProxyWatcher = { done() {} };

/** How it goes, in frames to the program that asked. */
class Report implements ProxyWatcher {
  readonly #program: Program;
  readonly #command: ProxyCommand;
  #over = false;

  constructor(program: Program, command: ProxyCommand) {
    this.#program = program;
    this.#command = command;
  }

  sent(): void {
    if (!this.#command.fullResponse) this.done();
  }

  responded(response: Message, channel: Channel): void {
    if (this.#over) return;
    const message = deliverable(response, channel);
    const way = wayOf(message.length, channel);
    this.#respond(['OK', 'network', ...way, '', '', 'continue'], message);
  }

  done(refused?: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#respond(refused === undefined ? ['OK', 'done'] : ['NOK', refused]);
  }

  #respond(tokens: readonly (string | number)[], message?: string): void {
    this.#program.send(['response', this.#command.id, ...tokens], message);
  }
}
