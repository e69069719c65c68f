import type { Choice, Program, ProxyCommand } from '../protocol/program.ts';
import type { AgentHost } from './agents.ts';
import type { ServedRequest } from './served-request.ts';

/** A program has its request proxied: one `done` or `NOK` for it, whatever happens. */
export function proxyCommand(
  _host: AgentHost,
  program: Program,
  command: ProxyCommand,
  _served: ServedRequest,
): void {
  program.send(['response', command.id, 'NOK', 'proxying is not there yet']);
}

/** A web server has a request proxied; no program hears of it. */
export function proxyByChoice(
  _host: AgentHost,
  _choice: Extract<Choice, { kind: 'proxy' }>,
  served: ServedRequest,
): void {
  served.answerNow(500);
}
