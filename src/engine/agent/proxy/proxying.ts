import type { Failure, Hiding, Target } from '../../../edge/signaling.ts';
import { Header } from '../../../sip/message/header-name.ts';
import type { Message } from '../../../sip/message/message.ts';
import { rankOf } from '../../../sip/proxy/best-response.ts';
import { forwardRequest } from '../../../sip/proxy/forward-request.ts';
import { forwardResponse } from '../../../sip/proxy/forward-response.ts';
import type { AnswerHiding } from '../../../sip/proxy/hiding.ts';
import { answeredElsewhere } from '../../../sip/proxy/reason-header.ts';
import { respond } from '../../../sip/proxy/respond.ts';
import type { Routing } from '../../../sip/proxy/routing.ts';
import { hidingInAnswersTo } from '../../answer-hiding.ts';
import { Branch, type BranchUser } from '../../branch.ts';
import { Challenges } from '../../challenges.ts';
import type { ClientTransaction } from '../../client-transaction.ts';
import type { Core } from '../../core.ts';
import { recordRoutes } from '../../record-routes.ts';
import { acknowledge, forkedTooOften, release } from '../../release.ts';
import type { ServerTransaction, ServerTransactionUser } from '../../server-transaction.ts';
import type { Timer } from '../../timer-wheel.ts';
import type { Channel } from '../../transport/transports.ts';
import type { AddedHeaders } from './added-headers.ts';
import type { ChallengeMemory } from './challenge-memory.ts';
import { type Destination, redirections } from './destinations.ts';
import type { ProxiedDialog, ProxiedDialogs } from './proxied-dialogs.ts';

/** What all proxying shares. */
export interface ProxyContext {
  readonly core: Core;
  readonly dialogs: ProxiedDialogs;
  readonly challengers: ChallengeMemory;
  /** Where a request to this URI is sent, and whose listener it leaves from. */
  targetOf(uri: string): Target;
}

/** The request that is proxied, with the way back to its caller. */
export interface Proxied {
  readonly transaction: ServerTransaction;
  readonly request: Message;
  readonly channel: Channel;
  readonly routing: Routing;
  /** Does its Request-URI name us? Then the destination takes its place. */
  readonly toUs: boolean;
}

export interface ProxyPlan {
  readonly destinations: readonly Destination[];
  readonly recordRoute: boolean;
  readonly followRedirects: boolean;
  readonly simultaneous: boolean;
  readonly provisionalTimeoutMs: number | undefined;
  readonly finalTimeoutMs: number | undefined;
  readonly headers: AddedHeaders;
}

/** Who is told how it goes. */
export interface ProxyWatcher {
  /** To each destination that a way was found to, as it goes out. */
  sent?(wire: string): void;
  /** The caller no longer wants it; with the CANCEL, unless its connection was lost. */
  cancelled?(cancel: Message | undefined): void;
  /** The first final response of each, as it came. */
  responded?(response: Message, channel: Channel): void;
  /** A final answer went back to the caller: one of theirs, or one of ours. */
  answered?(status: number, wire: string): void;
  /** Once, and last. `refused` when there was nobody to send it to. */
  done(refused?: string): void;
}

interface Candidate {
  readonly status: number;
  /** Undefined for one of our own: nobody answered. */
  readonly response: Message | undefined;
}

/** More than anybody means to try; redirections could go on for ever. */
const MOST_DESTINATIONS = 64;

const callerGone = 'SIP;cause=487;text="The caller was gone"';

/** One destination, on its way. */
class Attempt {
  readonly destination: Destination;
  readonly branch: Branch;
  readonly #owner: Proxying;
  readonly #core: Core;
  readonly #timer: Timer | undefined;
  readonly #restarts: boolean;
  readonly #ms: number;
  sent = false;
  reported = false;
  released = false;
  unreachable = false;

  constructor(owner: Proxying, core: Core, to: Destination, target: Target, limit: Limit) {
    this.#owner = owner;
    this.#core = core;
    this.destination = to;
    this.branch = new Branch(core, owner, target);
    this.#ms = limit.ms ?? 0;
    this.#restarts = limit.restarts;
    if (limit.ms !== undefined) this.#timer = core.wheel.start(limit.ms, tookTooLong, this);
  }

  /** Still something to wait for. */
  get active(): boolean {
    return !this.branch.over && !this.branch.abandoned;
  }

  rang(): void {
    if (this.#restarts && this.#timer?.armed) this.#core.wheel.restart(this.#timer, this.#ms);
  }

  calm(): void {
    if (this.#timer !== undefined) this.#core.wheel.stop(this.#timer);
  }

  tookTooLong(): void {
    this.#owner.tookTooLong(this);
  }
}

/** How long a destination may take for its final answer, and whether ringing starts that anew. */
interface Limit {
  readonly ms: number | undefined;
  readonly restarts: boolean;
}

/**
 * A request proxied as a program asks: the response context of RFC 3261 §16 with a search that goes on after
 * any refusal, follows redirections, and ends with a challenge. It lives without its program.
 */
export class Proxying implements BranchUser, ServerTransactionUser {
  readonly method: string;
  readonly tryNextAfterMs: number | undefined;

  readonly #context: ProxyContext;
  readonly #proxied: Proxied;
  readonly #plan: ProxyPlan;
  readonly #watcher: ProxyWatcher;
  readonly #queue: Destination[];
  /** The URIs that were tried, and whether a redirection led there. */
  readonly #tried = new Map<string, boolean>();
  readonly #attempts: Attempt[] = [];
  readonly #hiding: Hiding | undefined;
  readonly #answerHiding: AnswerHiding | undefined;
  #dialog: ProxiedDialog | undefined;
  #searching = true;
  /** Several things are being done at once: what fails meanwhile waits for the last of them. */
  #busy = false;
  #best: Candidate | undefined;
  #challenges: Challenges | undefined;
  #acknowledgedEarly = false;
  #answered = 0;
  #done = false;

  constructor(context: ProxyContext, proxied: Proxied, plan: ProxyPlan, watcher: ProxyWatcher) {
    this.#context = context;
    this.#proxied = proxied;
    this.#plan = plan;
    this.#watcher = watcher;
    this.method = proxied.request.method;
    this.tryNextAfterMs = plan.provisionalTimeoutMs;
    const { core } = context;
    const { request, channel } = proxied;
    this.#hiding = core.hides(channel.realm);
    this.#answerHiding = this.#hiding && hidingInAnswersTo(core, this.#hiding, request, channel);
    const challenger = context.challengers.challengerOf(request);
    this.#queue = challenger === undefined ? [...plan.destinations] : [challenger];
  }

  start(): void {
    const { transaction, request, channel } = this.#proxied;
    transaction.user = this;
    if (this.#plan.recordRoute && opensDialog(this.method))
      this.#dialog = this.#context.dialogs.open(request, channel);
    if (this.#plan.simultaneous) this.#launchAll(this.#queue.splice(0));
    this.#proceed();
  }

  // --- what the caller does

  /** Its INVITE is answered at once (RFC 3261 §9.2); what the branches still say is waited for. */
  cancelled(reasons: readonly string[], cancel?: Message): void {
    if (this.#answered > 0) return;
    this.#watcher.cancelled?.(cancel);
    this.#answerOurselves(487);
    this.#cancelAll(reasons);
  }

  callerLost(): void {
    if (this.#answered > 0) return;
    if (this.method === 'INVITE') this.cancelled([]);
    else this.#stopSearching();
  }

  // --- what the branches do

  write(target: Target, channel: Channel, via: string): string {
    const { request, channel: from, routing } = this.#proxied;
    const { names } = this.#context.core;
    const added = this.#plan.headers.toward(names.toward(channel));
    let lines = added.lines;
    if (this.#plan.recordRoute) lines += this.#routes(from, channel);
    const wire = forwardRequest(request, {
      via,
      recordRoutes: lines,
      address: from.address,
      port: from.port,
      routing,
      requestUri: target.requestUri,
      headers: added.changes,
      stream: channel.reliable,
      hiding: this.#hiding,
      own: this.#hiding === undefined ? '' : names.toward(channel).address,
    });
    const attempt = this.#attempts.find(({ branch }) => branch.target === target);
    if (attempt !== undefined && !attempt.sent) {
      attempt.sent = true;
      this.#dialog?.asked.add(channel.address);
      this.#watcher.sent?.(wire);
    }
    return wire;
  }

  /**
   * Whoever answers by a redirection says where the call goes on. A phone says it with no rule asked: so it leads to
   * nobody who takes what comes from us for a call that was judged, nor to us as if it were the PBX that calls.
   */
  mayGo(target: Target, { address, port }: Channel): boolean {
    const attempt = this.#attempts.find(({ branch }) => branch.target === target);
    if (attempt?.destination.byStranger !== true) return true;
    const { core } = this.#context;
    return !core.mayReach(address, port, 'core') && !core.names.isInner(address, port);
  }

  branchAnswered(branch: Branch, response: Message): void {
    const attempt = this.#attemptOf(branch);
    const { client } = branch;
    if (attempt === undefined || client === undefined) return;
    const { status } = response;
    if (status < 200) {
      this.#provisional(attempt, response, client);
      return;
    }
    attempt.calm();
    if (!attempt.reported) this.#watcher.responded?.(response, client.channel);
    if (status < 300) this.#success(attempt, response, client);
    else this.#failure(attempt, response, client.channel);
    attempt.reported = true;
  }

  branchFailed(branch: Branch, failure: Failure): void {
    const attempt = this.#attemptOf(branch);
    if (attempt === undefined) return;
    attempt.calm();
    attempt.unreachable = failure === 'unreachable';
    if (branch.over) this.#collect({ status: 408, response: undefined });
    else this.#passOver(attempt);
    this.#proceed();
  }

  /** The final time-out, or Timer C: the next one has its turn. */
  tookTooLong(attempt: Attempt): void {
    if (!attempt.active) return;
    this.#passOver(attempt);
    this.#proceed();
  }

  /** The caller of what is no INVITE is not to be told 408 (RFC 4320 §4.2), but this is no late answer yet. */
  #passOver({ branch }: Attempt): void {
    this.#collect({ status: this.method === 'INVITE' ? 408 : 504, response: undefined });
    branch.abandon();
  }

  #provisional(attempt: Attempt, response: Message, { channel }: ClientTransaction): void {
    attempt.rang();
    if (response.status === 100 || this.method !== 'INVITE') return;
    if (this.#answered > 0 || attempt.branch.abandoned) return;
    if (response.find(Header.rseq) >= 0) this.#acknowledgedEarly = true;
    if (this.#dialog !== undefined)
      this.#context.dialogs.learn(this.#dialog, response.toTag, channel);
    this.#relay(response, '');
  }

  #success(attempt: Attempt, response: Message, client: ClientTransaction): void {
    const { core, dialogs } = this.#context;
    const { request, channel, transaction } = this.#proxied;
    if (this.#answered >= 300) {
      if (this.method === 'INVITE') this.#release(attempt, response, client.channel, callerGone);
      this.#proceed();
      return;
    }
    if (this.method === 'INVITE') {
      // where it forked further 2xx may come over the others, for as long as RFC 6026 says
      const alone =
        this.#attempts.length === 1
          ? { server: transaction, client, keptVias: this.#answerHiding?.vias ?? '' }
          : undefined;
      // a call we do not stay in the path of is none of ours: nothing would tell of its end
      if (this.#plan.recordRoute) {
        const passes = core.calls.answered(
          request,
          response,
          channel,
          client.channel,
          core.isOurRoute,
          client.key,
          alone,
          this.#acknowledgedEarly,
        );
        if (!passes) {
          if (this.#answered > 0) return;
          this.#release(attempt, response, client.channel, forkedTooOften);
          this.#answerOurselves(500);
          this.#cancelAll();
          return;
        }
      }
    } else if (this.#answered > 0) return;
    else if (this.#dialog !== undefined) {
      dialogs.learn(this.#dialog, response.toTag, client.channel);
      dialogs.keepFor(this.#dialog, response);
      this.#dialog = undefined; // it outlives this request
    }
    const first = this.#answered === 0;
    const wire = this.#relay(response, '');
    if (first) {
      this.#finalAnswer(response.status, wire);
      this.#finish();
      this.#cancelAll([answeredElsewhere]);
    }
    attempt.branch.settle();
  }

  #failure(attempt: Attempt, response: Message, from: Channel): void {
    const { status } = response;
    if (status === 401 || status === 407) this.#challenged(attempt, response);
    const onward = status < 400 && this.#plan.followRedirects ? this.#onward(response, from) : [];
    // what our own CANCEL brings about says nothing of the one who was called
    const ours = status === 487 && attempt.branch.abandoned;
    if (onward.length === 0)
      this.#collect(ours ? { status: 408, response: undefined } : { status, response });
    if (status >= 600 && this.#answered === 0) this.#cancelAll();
    else if (onward.length > 0 && this.#plan.simultaneous) this.#launchAll(onward);
    else this.#queue.unshift(...onward);
    this.#proceed();
  }

  // --- the search

  /** Goes on with the next, or ends, when there is nothing left to wait for. */
  #proceed(): void {
    if (this.#done || this.#busy || this.#attempts.some(({ active }) => active)) return;
    const next = this.#searching ? this.#queue.shift() : undefined;
    if (next === undefined) this.#settle();
    else if (this.#isNew(next)) this.#launch(next);
    else this.#proceed();
  }

  #launchAll(destinations: readonly Destination[]): void {
    this.#busy = true;
    for (const to of destinations) if (this.#isNew(to)) this.#launch(to);
    this.#busy = false;
  }

  #launch(to: Destination): void {
    const { toUs } = this.#proxied;
    const found = this.#context.targetOf(to.uri);
    const target = toUs || to.redirected ? { ...found, requestUri: to.uri } : { ...found };
    const attempt = new Attempt(this, this.#context.core, to, target, this.#limit());
    this.#attempts.push(attempt);
    attempt.branch.start();
  }

  #limit(): Limit {
    const { finalTimeoutMs } = this.#plan;
    if (finalTimeoutMs !== undefined) return { ms: finalTimeoutMs, restarts: false };
    return { ms: this.method === 'INVITE' ? this.#context.core.ringMs : undefined, restarts: true };
  }

  /** A program may name one twice; a redirection leads nowhere again, nor does what follows to where it led. */
  #isNew({ uri, redirected }: Destination): boolean {
    const before = this.#tried.get(uri);
    if (before === true || (before === false && redirected)) return false;
    if (this.#attempts.length >= MOST_DESTINATIONS) return false;
    this.#tried.set(uri, redirected);
    return true;
  }

  /** Where a redirection leads that was not tried yet. */
  #onward(response: Message, { realm }: Channel): readonly Destination[] {
    if (!this.#searching) return [];
    return redirections(response)
      .filter(({ uri }) => !this.#tried.has(uri))
      .map((to) => ({ ...to, byStranger: realm === 'access' }));
  }

  #challenged({ destination }: Attempt, response: Message): void {
    if (!this.#context.challengers.remember(response, destination)) return;
    this.#stopSearching();
    if (this.#attempts.length === 1) return;
    this.#challenges ??= new Challenges();
    this.#challenges.collect(response);
  }

  #stopSearching(): void {
    this.#searching = false;
    this.#queue.length = 0;
  }

  #cancelAll(reasons?: readonly string[]): void {
    this.#stopSearching();
    this.#busy = true;
    for (const { branch } of this.#attempts) branch.cancel(reasons);
    this.#busy = false;
    this.#proceed();
  }

  #collect(candidate: Candidate): void {
    if (this.#best === undefined || rank(candidate) < rank(this.#best)) this.#best = candidate;
  }

  // --- the end

  #settle(): void {
    const nobody = this.#attempts.every(({ unreachable }) => unreachable);
    if (this.#answered === 0) this.#answerBest(nobody);
    this.#finish(nobody ? 'error proxying request to ' : undefined);
  }

  #answerBest(nobody: boolean): void {
    const { status, response } = this.#best ?? { status: 408 };
    // §16.7 step 6: a 503 would say that this proxy can serve nobody
    if (nobody || response?.status === 503) this.#answerOurselves(500);
    else if (response === undefined) this.#answerOurselves(status);
    else {
      const challenged = response.status === 401 || response.status === 407;
      const extra = challenged ? (this.#challenges?.missingIn(response) ?? '') : '';
      this.#finalAnswer(response.status, this.#relay(response, extra));
    }
  }

  #answerOurselves(status: number): void {
    const { transaction, request, channel } = this.#proxied;
    const { address, port } = channel;
    const wire = respond(request, { status, toTag: transaction.toTag, address, port });
    transaction.answer(status, wire);
    this.#finalAnswer(status, wire);
  }

  #finalAnswer(status: number, wire: string): void {
    this.#answered = status;
    this.#watcher.answered?.(status, wire);
  }

  #finish(refused?: string): void {
    if (this.#done) return;
    this.#done = true;
    this.#best = undefined;
    for (const attempt of this.#attempts) attempt.calm();
    this.#context.dialogs.close(this.#dialog);
    this.#dialog = undefined;
    this.#watcher.done(refused);
  }

  /** Who answered has to be let go when the caller is told something else; once, however often he answers. */
  #release(attempt: Attempt, response: Message, callee: Channel, reason: string): void {
    const { core } = this.#context;
    const { request, channel: caller } = this.#proxied;
    if (attempt.released) acknowledge(core, request, response, callee);
    else release(core, request, response, { caller, callee }, reason);
    attempt.released = true;
  }

  #relay(response: Message, extra: string): string {
    const { transaction, channel } = this.#proxied;
    let wire = forwardResponse(response, undefined, channel.reliable, this.#answerHiding);
    if (extra !== '') {
      const at = wire.indexOf('\r\n') + 2;
      wire = wire.slice(0, at) + extra + wire.slice(at);
    }
    transaction.answer(response.status, wire);
    return wire;
  }

  #routes(from: Channel, out: Channel): string {
    const { names } = this.#context.core;
    const { request } = this.#proxied;
    if (this.method !== 'REGISTER') return recordRoutes(names, from, out, request.requestUri);
    return `${recordRoutes(names, from, out, request.requestUri, 'Path')}${requirePath(request)}`;
  }

  #attemptOf(branch: Branch): Attempt | undefined {
    return this.#attempts.find((attempt) => attempt.branch === branch);
  }
}

/** RFC 3261 §12, RFC 6665: what is asked for lives on after its answer. */
const opensDialog = (method: string): boolean => method === 'INVITE' || method === 'SUBSCRIBE';

/** RFC 3327 §5.1: the registrar that does not know Path would be of no use to us. */
const requirePath = (register: Message): string =>
  register.list(Header.require).some((extension) => extension.toLowerCase() === 'path')
    ? ''
    : 'Require: path\r\n';

const rank = ({ status, response }: Candidate): number => rankOf(status, response !== undefined);

const tookTooLong = (attempt: Attempt): void => attempt.tookTooLong();
