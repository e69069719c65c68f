import type { Dialled } from '../numbers/dialled.ts';
import { isEmergencyUrn } from '../numbers/emergency-numbers.ts';
import { chooseRoute } from '../policy/choose-route.ts';
import type { CallBy, CallFacts as Facts, Identity, PinFacts } from '../policy/facts.ts';
import type { Chosen, OutboundRoute } from '../policy/routes.ts';
import { asExtension } from '../policy/site.ts';
import { Header } from '../sip/message/header-name.ts';
import { splitList } from '../sip/message/list.ts';
import { digestNames, hasCredentials, userNamed } from './credentials.ts';
import type { Edge } from './edge.ts';
import { type Behalf, diverterOf, onBehalfOf } from './on-behalf-of.ts';
import { numberOf, type OutsideCall } from './outside-calls.ts';
import { namedBeside } from './password-of.ts';
import { RequestFacts } from './request-facts.ts';
import type { Flow, Incoming } from './signaling.ts';
import { trunksNamed, trunksOf } from './trunks-for.ts';
import { dialledIn, mayBeEmergency, userIn, userOf, userOfUri } from './user-part.ts';
import { type Caller, whoCalls } from './who-calls.ts';

const identityHeaders = ['P-Preferred-Identity', 'P-Asserted-Identity', 'Remote-Party-ID'] as const;

const nowhere = 'nowhere';
const nobody: readonly string[] = [];

export interface CallTarget {
  /** The URI that is called, when it is not the Request-URI: where a transfer or a redirection leads. */
  readonly target?: string;
  /** Whose call it is, when it is not of whoever sent the request. */
  readonly flow?: Flow;
}

/** The facts of a request that opens something: a call, a message, a subscription. */
export class CallFacts extends RequestFacts implements Facts {
  /** The URI that is called. */
  readonly calledUri: string;
  /** Where a call that was made is redirected to: whoever made it has been asked. */
  readonly #redirected: boolean;
  #dialled: Dialled | undefined;
  #emergency: boolean | undefined;
  #caller: Caller | undefined;
  #chosen: Chosen | typeof nowhere | undefined;
  #pin: PinFacts | undefined;
  #onBehalfOf: Behalf | undefined;

  constructor(edge: Edge, incoming: Incoming, at: number, { target, flow }: CallTarget = {}) {
    super(edge, incoming, at, flow);
    const { asked, request } = incoming;
    this.#redirected = target !== undefined && request.method !== 'REFER';
    this.calledUri = target ?? edge.uris.behind(asked) ?? asked;
  }

  get by(): CallBy {
    return this.#behalf?.by ?? 'invite';
  }
  override get emergency(): boolean {
    this.#emergency ??= this.#readEmergency();
    return this.#emergency;
  }
  override get doubtful(): boolean {
    return !this.#redirected && super.doubtful;
  }
  get dialled(): Dialled {
    this.#dialled ??= this.#readDialled();
    return this.#dialled;
  }

  override get extension(): string | undefined {
    if (this.source.realm === 'access') return this.#who().extension;
    return this.#behalf === undefined ? super.extension : this.#behalf.extension;
  }
  /** The phone's own call that this one, sent by the PBX, is the rest of. */
  get continues(): OutsideCall | undefined {
    return this.#behalf?.continues;
  }
  get registered(): boolean {
    return this.source.realm === 'access' && this.#who().registered !== undefined;
  }
  get onOwnFlow(): boolean {
    return this.source.realm === 'access' && this.#who().registered === 'flow';
  }

  get identities(): readonly Identity[] {
    const { request } = this.incoming;
    const from = this.from === '' ? userIn(request.value(Header.from) ?? '') : this.from;
    const found: Identity[] = [{ header: 'From', user: from }];
    for (const header of identityHeaders)
      for (
        let line = request.findNamed(header);
        line >= 0;
        line = request.findNamed(header, line + 1)
      )
        for (const value of splitList(request.valueOf(line)))
          found.push({ header, user: userIn(value) });
    for (const user of this.#othersInCredentials()) found.push({ header: 'Authorization', user });
    return found;
  }
  get divertedBy(): string | undefined {
    const { request } = this.incoming;
    const referred = request.header('Referred-By');
    return diverterOf(request) ?? (referred === undefined ? undefined : userOf(referred));
  }
  get route(): OutboundRoute | undefined {
    return this.chosen?.route;
  }
  /** The route, and the number that it makes of what was dialled. */
  get chosen(): Chosen | undefined {
    this.#chosen ??= chooseRoute(this, this.edge.gatekeeper.policy.site) ?? nowhere;
    return this.#chosen === nowhere ? undefined : this.#chosen;
  }
  get pin(): PinFacts | undefined {
    const { continues } = this;
    // whoever dialled it said it to us already, and the PBX never saw it
    if (continues?.pin !== undefined) return { entry: continues.pin };
    const { pin } = this.dialled;
    if (pin === undefined) return undefined;
    this.#pin ??= new DialledPin(
      () => this.route && this.edge.pins.entryOf(pin, this.route, this.extension),
    );
    return this.#pin;
  }
  get asksAgain(): boolean {
    return this.edge.leases.asksAgain(this);
  }
  get trunk(): string | undefined {
    const { realm, address } = this.source;
    if (realm === 'trunk') return this.edge.neighbours.trunkAt(address)?.name;
    if (realm === 'access') return undefined;
    const { settings } = this.edge;
    const [first] = this.route
      ? trunksOf(settings, this.route)
      : trunksNamed(settings, this.incoming);
    return first?.name;
  }
  get trunkCertified(): boolean {
    return this.source.certified;
  }
  get anonymous(): boolean {
    const privacy = this.incoming.request.header('Privacy');
    return showsNobody(this.from) || (privacy !== undefined && /\bid\b/i.test(privacy));
  }

  /** RFC 5031, or an emergency number. */
  #readEmergency(): boolean {
    if (this.method !== 'INVITE') return false;
    if (isEmergencyUrn(this.calledUri)) return true;
    return mayBeEmergency(dialledIn(this.calledUri)) && this.dialled.kind === 'emergency';
  }

  /** Of what the PBX sends to a trunk. */
  get #behalf(): Behalf | undefined {
    if (this.source.realm !== 'core') return undefined;
    const { outside, gatekeeper } = this.edge;
    this.#onBehalfOf ??= onBehalfOf(
      this.incoming.request,
      numberOf(this),
      gatekeeper.policy.site,
      outside,
    );
    return this.#onBehalfOf;
  }

  #readDialled(): Dialled {
    const dialled = this.edge.gatekeeper.policy.site.readDialled(dialledIn(this.calledUri));
    if (dialled.kind !== 'unknown' && dialled.kind !== 'national') return dialled;
    const isRegistered = this.edge.registrations.hasUser(userOfUri(this.calledUri), this.at);
    return isRegistered ? asExtension(dialled) : dialled;
  }

  #who(): Caller {
    this.#caller ??= whoCalls(
      this.edge.registrations,
      this.edge.gatekeeper.policy.site.extensions,
      this.flow,
      this.#claimed(),
      this.at,
    );
    return this.#caller;
  }

  /** Who need not register may have one account for many lines. */
  #othersInCredentials(): readonly string[] {
    const { request } = this.incoming;
    const { extension, registered } = this;
    if (!hasCredentials(request) || extension === undefined || !registered) return nobody;
    return namedBeside(this.edge, request, [extension], this.at);
  }

  /**
   * Whoever shows no number to those he calls may still say to us who he is (RFC 3325 §9.2). A base with many handsets
   * says it by the credentials and the Contact of the one that calls.
   */
  #claimed(): string {
    if (!showsNobody(this.from)) return this.from;
    const { request } = this.incoming;
    for (const header of identityHeaders) {
      const user = userOf(request.header(header));
      if (user !== '') return user;
    }
    const [name] = digestNames(request);
    return (name && userNamed(name)) || userOf(request.value(Header.contact)) || this.from;
  }
}

/** Looked up when the rule asks whose it is, which it does not once too many were wrong. */
class DialledPin implements PinFacts {
  readonly #find: () => string | undefined;
  #found: { readonly entry: string | undefined } | undefined;

  constructor(find: () => string | undefined) {
    this.#find = find;
  }

  get entry(): string | undefined {
    this.#found ??= { entry: this.#find() };
    return this.#found.entry;
  }
}

/** RFC 3261 §8.1.1.3 and RFC 3323 §4.1.1.3. */
const showsNobody = (user: string): boolean => user === '' || user.toLowerCase() === 'anonymous';
