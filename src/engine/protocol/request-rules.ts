import type { RequestRule } from '../../config/settings.ts';
import type { Message } from '../../sip/message/message.ts';
import type { Channel } from '../transport/transports.ts';
import { requestTarget } from './request-target.ts';
import { matches } from './wildcard.ts';

type Condition = (request: Message, channel: Channel) => boolean;

/** Is a new request for the programs? Made once per reload; the first rule that matches decides, none means no. */
export function compileRequestRules(rules: readonly RequestRule[]): Condition {
  const compiled = rules.map((rule) => ({
    conditions: conditionsOf(rule),
    taken: rule.to === 'programs',
  }));
  return (request, channel) => {
    for (const { conditions, taken } of compiled)
      if (conditions.every((holds) => holds(request, channel))) return taken;
    return false;
  };
}

/** The cheapest first: most requests are told apart by their method. */
function conditionsOf({ methods, realm, listener, user, host, header }: RequestRule): Condition[] {
  const conditions: Condition[] = [];
  if (methods !== undefined) {
    const wanted = new Set<string>(methods);
    conditions.push(({ method }) => wanted.has(method));
  }
  if (realm !== undefined) conditions.push((_request, channel) => channel.realm === realm);
  if (listener !== undefined) {
    const { transport, address, port } = listener;
    conditions.push(
      (_request, { listener: own }) =>
        own.transport === transport && own.address === address && (port === 0 || own.port === port),
    );
  }
  if (host !== undefined) {
    const pattern = host.toLowerCase();
    conditions.push((request) => matches(pattern, requestTarget(request).host));
  }
  if (user !== undefined) conditions.push((request) => matches(user, requestTarget(request).user));
  if (header !== undefined) {
    const pattern = header.value.toLowerCase();
    conditions.push((request) => hasHeader(request, header.name, pattern));
  }
  return conditions;
}

function hasHeader(request: Message, name: string, pattern: string): boolean {
  for (let line = request.findNamed(name); line >= 0; line = request.findNamed(name, line + 1))
    if (matches(pattern, request.valueOf(line).toLowerCase())) return true;
  return false;
}
