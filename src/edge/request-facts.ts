import type { ExtensionProfile } from '../policy/extension-profile.ts';
import type { RequestFacts as Facts } from '../policy/facts.ts';
import { mayBeHostile } from '../policy/rules/network/hostile-text.ts';
import { Header } from '../sip/message/header-name.ts';
import { bareHost, parseUri } from '../sip/message/uri.ts';
import { areProven, hasCredentials } from './credentials.ts';
import type { Edge } from './edge.ts';
import { addressWithoutPin, withoutPin } from './hidden-pins.ts';
import type { Flow, Incoming } from './signaling.ts';
import { SourceFacts } from './source-facts.ts';
import { userOf, userOfUri } from './user-part.ts';

/** The facts of a live request, each worked out when a rule first asks for it. */
export class RequestFacts implements Facts {
  readonly at: number;
  readonly source: SourceFacts;
  protected readonly edge: Edge;
  protected readonly incoming: Incoming;
  protected readonly flow: Flow;
  #fromHeader: string | undefined;
  #from: string | undefined;
  #doubtful: boolean | undefined;
  #profile: ExtensionProfile | undefined;

  constructor(
    edge: Edge,
    incoming: Incoming,
    at: number,
    flow = incoming.flow,
    source = new SourceFacts(edge, flow),
  ) {
    this.edge = edge;
    this.incoming = incoming;
    this.at = at;
    this.flow = flow;
    this.source = source;
  }

  get emergency(): boolean {
    return (
      this.method === 'INVITE' && this.edge.gatekeeper.isEmergency(this.incoming.request.requestUri)
    );
  }
  get method(): string {
    return this.incoming.request.method;
  }
  get inDialog(): boolean {
    return this.incoming.call !== undefined || this.incoming.routed;
  }
  get userAgent(): string | undefined {
    return this.incoming.request.value(Header.userAgent);
  }
  get callId(): string {
    return this.incoming.request.callId;
  }
  get requestUri(): string {
    return withoutPin(this.incoming.request.requestUri, this.edge.gatekeeper.policy.site);
  }
  get domain(): string | undefined {
    const uri = parseUri(this.incoming.request.requestUri);
    return uri && bareHost(uri.host);
  }
  get requestUser(): string {
    return userOfUri(this.incoming.request.requestUri);
  }
  get fromHeader(): string {
    this.#fromHeader ??= this.incoming.request.value(Header.from) ?? '';
    return this.#fromHeader;
  }
  get harmless(): boolean {
    const { request } = this.incoming;
    return !(
      mayBeHostile(this.fromHeader) ||
      mayBeHostile(request.value(Header.to) ?? '') ||
      mayBeHostile(request.requestUri)
    );
  }
  get headerLines(): number {
    return this.incoming.request.lineCount;
  }
  get headBytes(): number {
    return this.incoming.request.headEnd;
  }
  get from(): string {
    this.#from ??= userOf(this.fromHeader);
    return this.#from;
  }
  get to(): string {
    const to = this.incoming.request.value(Header.to) ?? '';
    return userOf(addressWithoutPin(to, this.edge.gatekeeper.policy.site));
  }
  get fromTag(): string {
    return this.incoming.request.fromTag;
  }
  get branch(): string {
    return this.incoming.request.via?.branch ?? '';
  }
  get extension(): string | undefined {
    return this.source.realm === 'trunk' ? undefined : this.from;
  }
  get doubtful(): boolean {
    this.#doubtful ??= this.#isDoubtful();
    return this.#doubtful;
  }
  #isDoubtful(): boolean {
    const { transport, realm } = this.flow;
    const { lookAlike, gatekeeper, guesses } = this.edge;
    // whoever is inside a call that we know knows its tags; a Route of ours anybody can write
    if (transport !== 'udp' || realm !== 'access' || this.incoming.call !== undefined) return false;
    if (!lookAlike.learnt || !gatekeeper.policy.wantsProof) return false;
    if (this.source.tier === 'trusted') return false;
    const { request } = this.incoming;
    return !(hasCredentials(request) && areProven(request, this.flow, guesses.marks, this.at));
  }
  get profile(): ExtensionProfile {
    this.#profile ??= this.edge.gatekeeper.policy.site.extensions.profileOf(this.extension);
    return this.#profile;
  }
}
