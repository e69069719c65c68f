import type { Failure, Forwarding, HeaderChange, Hiding, Target } from '../edge/signaling.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { rankOf } from '../sip/proxy/best-response.ts';
import { breadthOf } from '../sip/proxy/breadth.ts';
import { forwardRequest } from '../sip/proxy/forward-request.ts';
import { forwardResponse } from '../sip/proxy/forward-response.ts';
import type { AnswerHiding } from '../sip/proxy/hiding.ts';
import { answeredElsewhere } from '../sip/proxy/reason-header.ts';
import { hidingInAnswersTo, outerRoute } from './answer-hiding.ts';
import { Branch, type BranchUser } from './branch.ts';
import { offeredContact } from './call-table.ts';
import { Challenges } from './challenges.ts';
import type { ClientTransaction } from './client-transaction.ts';
import type { Core } from './core.ts';
import type { IncomingRequest } from './incoming-request.ts';
import { recordRoutes } from './record-routes.ts';
import { asSip, contactAsSip, ownFor, sipsEnds } from './sips.ts';
import type { Timer } from './timer-wheel.ts';
import type { Channel } from './transport/transports.ts';

interface Candidate {
  readonly status: number;
  /** Undefined for one of our own: nobody answered. */
  readonly response: Message | undefined;
  readonly target: Target | undefined;
}

/**
 * A request on its way to its targets, and their answers on the way back: the response context of RFC 3261
 * §16. It ends with the one final answer that goes back, but for further 2xx to an INVITE.
 */
export class ProxiedRequest implements BranchUser {
  readonly method: string;
  readonly tryNextAfterMs: number | undefined;

  readonly #core: Core;
  readonly #incoming: IncomingRequest;
  readonly #plan: Forwarding;
  readonly #targets: readonly Target[];
  readonly #branches: Branch[] = [];
  readonly #contact: string | undefined;
  readonly #hiding: Hiding | undefined;
  readonly #answerHiding: AnswerHiding | undefined;
  #request: Message | undefined;
  #next = 0;
  #best: Candidate | undefined;
  #challenges: Challenges | undefined;
  #sentOn = false;
  #passedAny = false;
  /** Each branch's part of how far the request may still fork (RFC 5393 §5.3.3). */
  #share: HeaderChange | undefined;
  #passedFinal = 0;
  #cancelled = false;
  #ringing: Timer | undefined;

  constructor(core: Core, incoming: IncomingRequest, plan: Forwarding, targets: readonly Target[]) {
    this.#core = core;
    this.#incoming = incoming;
    this.#plan = plan;
    this.#targets = targets;
    this.#request = incoming.request;
    this.method = incoming.request.method;
    this.tryNextAfterMs =
      plan.parallel !== true && (targets.length > 1 || plan.lastToo === true)
        ? plan.tryNextAfterMs
        : undefined;
    this.#contact = incoming.found === undefined ? undefined : offeredContact(incoming.request);
    const { request, channel } = incoming;
    this.#hiding = core.hides(channel.realm);
    const recordRouted = plan.recordRoute === true;
    this.#answerHiding =
      this.#hiding && hidingInAnswersTo(core, this.#hiding, request, channel, recordRouted);
  }

  /** The caller's Vias, where the other side does not see them. */
  get keptVias(): string {
    return this.#answerHiding?.vias ?? '';
  }

  start(): void {
    if (this.method === 'INVITE')
      this.#ringing = this.#core.wheel.start(this.#core.ringMs, rungOut, this);
    if (this.#plan.parallel === true && this.#targets.length > 1) {
      const breadth = breadthOf(this.#incoming.request);
      if (breadth < this.#targets.length) {
        this.#passBack({ status: 440, response: undefined, target: undefined });
        return;
      }
      const share = Math.floor(breadth / this.#targets.length);
      this.#share = { name: 'Max-Breadth', value: String(share) };
      for (const target of this.#targets) this.#launch(target);
      this.#next = this.#targets.length;
      this.#settleIfOver(); // none of them could be reached, and we knew at once
    } else this.#tryNext();
  }

  /** The caller no longer wants it (RFC 3261 §16.10). */
  cancel(reasons: readonly string[]): void {
    if (this.#passedFinal > 0) return;
    this.#cancelled = true;
    this.#cancelBranches(reasons);
    this.#settleIfOver();
  }

  /** Timer C: it rang long enough. */
  rungOut(): void {
    if (this.#passedFinal > 0) return;
    const silent = this.#branches.every((branch) => !branch.ringing);
    this.#next = this.#targets.length;
    this.#cancelBranches();
    if (silent) this.#passBack({ status: 408, response: undefined, target: undefined });
  }

  write(target: Target, channel: Channel, via: string): string {
    const request = this.#request;
    if (request === undefined) return '';
    const { channel: from, routing } = this.#incoming;
    let headers = this.#plan.headersFor?.(target) ?? this.#plan.headers;
    let { requestUri } = target;
    if (sipsEnds(from, channel) && this.method !== 'REGISTER') {
      const contact = contactAsSip(request);
      if (contact !== undefined) headers = [...(headers ?? []), contact];
      requestUri = asSip(requestUri ?? request.requestUri);
    }
    const wire = forwardRequest(request, {
      via,
      recordRoutes: this.#plan.recordRoute === true ? this.#recordRoutes(channel) : '',
      address: from.address,
      port: from.port,
      routing,
      requestUri,
      headers: this.#share === undefined ? headers : [...(headers ?? []), this.#share],
      stream: channel.reliable,
      hiding: this.#hiding,
      own:
        this.#hiding === undefined
          ? ''
          : ownFor(this.#core.names.toward(channel), request.requestUri),
    });
    if (!this.#sentOn) {
      this.#sentOn = true;
      this.#core.sentOn(this.method, this.#incoming.heardAt);
    }
    return wire;
  }

  #recordRoutes(out: Channel): string {
    const inward = this.#incoming.channel;
    const uri = this.#incoming.request.requestUri;
    const lines = recordRoutes(this.#core.names, inward, out, uri);
    const inner = this.#hiding?.innerRoute === true && inward.realm === 'core';
    return inner ? outerRoute(lines) : lines;
  }

  branchAnswered(branch: Branch, response: Message): void {
    const { status } = response;
    if (status < 200) this.#provisional(branch, response);
    else if (status < 300) this.#success(branch, response);
    else this.#failure(branch, response);
  }

  branchFailed(branch: Branch, failure: Failure): void {
    const passedOver = branch.abandoned;
    if (!passedOver && !this.#cancelled) this.#plan.onTargetFailed?.(branch.target, failure);
    if (!branch.over) branch.abandon();
    const status = failure === 'unreachable' ? 503 : 408;
    this.#collect({ status, response: undefined, target: branch.target });
    // one that was passed over has its successor already
    if (passedOver || !this.#tryNextAfterFailure()) this.#settleIfOver();
  }

  #provisional(branch: Branch, response: Message): void {
    if (this.#passedFinal > 0) return;
    if (this.#ringing !== undefined) this.#core.wheel.restart(this.#ringing, this.#core.ringMs);
    if (response.status === 100 || branch.abandoned || this.method !== 'INVITE') return;
    if (response.find(Header.rseq) >= 0) this.#incoming.acknowledgedEarly = true;
    this.#passedAny = true;
    this.#relay(branch.target, response, undefined);
  }

  #success(branch: Branch, response: Message): void {
    if (this.method !== 'INVITE' && this.#passedFinal > 0) return;
    const first = this.#passedFinal === 0;
    const { client } = branch;
    // where it forked further 2xx may come over the others, for as long as RFC 6026 says
    const alone = this.#branches.length === 1;
    // a call we do not stay in the path of is none of ours: nothing would tell of its end
    const ours = this.#plan.recordRoute === true || this.#incoming.found !== undefined;
    if (
      client !== undefined &&
      ours &&
      !this.#incoming.succeeded(response, client, alone, this.#contact)
    ) {
      if (first) this.#turnDown(response, client);
      return;
    }
    this.#relay(branch.target, response, undefined);
    if (first) {
      this.#finish(response.status, response);
      this.#cancelBranches([answeredElsewhere]);
    }
    branch.settle();
  }

  #turnDown(response: Message, client: ClientTransaction): void {
    this.#incoming.release(response, client);
    this.#next = this.#targets.length;
    this.#passBack({ status: 500, response: undefined, target: undefined });
    this.#cancelBranches();
  }

  #failure(branch: Branch, response: Message): void {
    const { status } = response;
    if (status === 503) this.#plan.onTargetFailed?.(branch.target, 'unavailable');
    if (this.#passedFinal > 0) return;
    if (branch.abandoned) {
      // passed over: its late answer may still be the best there is, but its 487 answers a CANCEL of our own
      if (status !== 487) this.#collect({ status, response, target: branch.target });
      this.#settleIfOver();
      return;
    }
    if ((status === 401 || status === 407) && this.#branches.length > 1) {
      this.#challenges ??= new Challenges();
      this.#challenges.collect(response);
    }
    this.#collect({ status, response, target: branch.target });
    if (status >= 600) {
      this.#next = this.#targets.length;
      this.#cancelBranches();
    } else if (status === 503 && this.#tryNextAfterFailure()) return;
    else if (this.#plan.parallel !== true) this.#next = this.#targets.length;
    this.#settleIfOver();
  }

  #launch(target: Target): void {
    const branch = new Branch(this.#core, this, target);
    this.#branches.push(branch);
    branch.start();
  }

  #tryNext(): void {
    const target = this.#targets[this.#next++];
    if (target !== undefined) this.#launch(target);
    else this.#settleIfOver();
  }

  /** RFC 3261 §16.7 step 5 and RFC 3263 §4.3: only while the caller has heard nothing. */
  #tryNextAfterFailure(): boolean {
    const heard = this.#passedAny || this.#passedFinal > 0;
    if (heard || this.#cancelled) this.#next = this.#targets.length;
    if (this.#plan.parallel === true || this.#next >= this.#targets.length) return false;
    this.#tryNext();
    return true;
  }

  #collect(candidate: Candidate): void {
    if (this.#best === undefined || rank(candidate) < rank(this.#best)) this.#best = candidate;
  }

  #settleIfOver(): void {
    if (this.#passedFinal > 0) return;
    if (!this.#branches.every((branch) => branch.over || branch.abandoned)) return;
    if (!this.#cancelled && this.#next < this.#targets.length) return;
    this.#passBack(
      this.#cancelled && (this.#best === undefined || this.#best.response === undefined)
        ? { status: 487, response: undefined, target: undefined }
        : (this.#best ?? { status: 503, response: undefined, target: undefined }),
    );
  }

  #passBack({ status, response, target }: Candidate): void {
    if (response === undefined) {
      this.#finish(status, undefined);
      this.#incoming.answerNow(status);
    } else if (status === 503) {
      // §16.7 step 6: a 503 would say that this proxy can serve nobody
      this.#finish(500, response);
      this.#incoming.answerNow(500);
    } else {
      const own = target === undefined ? undefined : this.#plan.onRefusal?.(response, target);
      if (own !== undefined) {
        this.#finish(own.status, response);
        this.#incoming.answerNow(own.status, own.headers);
        return;
      }
      const challenges =
        (status === 401 || status === 407) && this.#challenges !== undefined
          ? this.#challenges.missingIn(response)
          : undefined;
      this.#relay(target, response, challenges);
      this.#finish(status, response);
    }
  }

  #relay(target: Target | undefined, response: Message, extra: string | undefined): void {
    const { channel } = this.#incoming;
    let changes = target === undefined ? undefined : this.#plan.onAnswer?.(response, target);
    if (typeof target?.nextHop === 'object' && sipsEnds(target.nextHop, channel)) {
      const contact = contactAsSip(response);
      if (contact !== undefined) changes = [...(changes ?? []), contact];
    }
    let wire = forwardResponse(response, changes, channel.reliable, this.#answerHiding);
    if (extra !== undefined && extra !== '') {
      const at = wire.indexOf('\r\n') + 2;
      wire = wire.slice(0, at) + extra + wire.slice(at);
    }
    this.#incoming.relay(response.status, wire);
  }

  #finish(status: number, response: Message | undefined): void {
    this.#passedFinal = status;
    if (this.#ringing !== undefined) {
      this.#core.wheel.stop(this.#ringing);
      this.#ringing = undefined;
    }
    this.#request = undefined;
    this.#best = undefined;
    this.#incoming.settled(status, response !== undefined);
    this.#plan.onDone?.(status);
  }

  #cancelBranches(reasons?: readonly string[]): void {
    for (const branch of this.#branches) branch.cancel(reasons);
  }
}

const rank = ({ status, response }: Candidate): number => rankOf(status, response !== undefined);

const rungOut = (request: ProxiedRequest): void => request.rungOut();
