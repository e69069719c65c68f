import type { CallEnd, Target } from '../../../edge/signaling.ts';
import { Header } from '../../../sip/message/header-name.ts';
import type { Message } from '../../../sip/message/message.ts';
import type { Routing } from '../../../sip/proxy/routing.ts';
import type { LiveCall } from '../../call-table.ts';
import type { Core } from '../../core.ts';
import type { IncomingRequest } from '../../incoming-request.ts';
import type { ServerTransaction } from '../../server-transaction.ts';
import type { CallRecords } from '../call-records.ts';
import { ChallengeMemory } from './challenge-memory.ts';
import { ProxiedDialogs } from './proxied-dialogs.ts';
import { ProxiedRecords } from './proxied-records.ts';
import { type ProxyContext, Proxying, type ProxyPlan, type ProxyWatcher } from './proxying.ts';

/** All that is proxied for programs, and what lives on of it. */
export class Proxies implements ProxyContext {
  readonly core: Core;
  readonly dialogs: ProxiedDialogs;
  readonly challengers = new ChallengeMemory();
  readonly targetOf: (uri: string) => Target;
  readonly #records: ProxiedRecords;

  constructor(core: Core, records: CallRecords, targetOf: (uri: string) => Target) {
    this.core = core;
    this.targetOf = targetOf;
    this.#records = new ProxiedRecords(core, records);
    this.dialogs = new ProxiedDialogs(core.wheel);
  }

  proxy(
    incoming: IncomingRequest,
    transaction: ServerTransaction,
    plan: ProxyPlan,
    watcher: ProxyWatcher,
  ): void {
    const { request, channel, toUs } = incoming;
    const routing = withoutTopmost(request, incoming.routing);
    const proxied = { transaction, request, channel, routing, toUs };
    new Proxying(this, proxied, plan, this.#records.of(request, watcher)).start();
  }

  /** A request inside what was proxied and is no answered call: it takes the way that made it. */
  requestReceived(incoming: IncomingRequest): boolean {
    const { found, request, channel } = incoming;
    if (found !== undefined) {
      if (request.method === 'BYE') this.#records.byeHeard(found.call, request);
      return false;
    }
    const nextHop = this.dialogs.wayOf(request, channel);
    if (nextHop === undefined) return false;
    const requestUri = channel.realm === 'core' ? undefined : this.core.behind(request.requestUri);
    incoming.forward({ targets: [{ nextHop, requestUri }] });
    return true;
  }

  callEnded(call: LiveCall, why: CallEnd): void {
    this.#records.callEnded(call, why);
  }
}

/** Who sends with a Route means us by the first, by whatever name it knows us; the rest is for those behind. */
function withoutTopmost(request: Message, routing: Routing): Routing {
  if (routing.ours > 0 || routing.restored !== undefined) return routing;
  return request.find(Header.route) < 0 ? routing : { ...routing, ours: 1, strict: false };
}
