import { PATIENCE_MS } from './patience.ts';
import {
  contactOf,
  type Received,
  type RequestOptions,
  type SipParty,
  type Toward,
} from './sip-party.ts';
import { type HeaderValues, type SipText, uriOf } from './sip-text.ts';
import type { Peer } from './sip-wire.ts';

/** A session description that offers G.711 at this address. */
export function sdp(address: string, port = 40000, direction = 'sendrecv'): string {
  const family = address.includes(':') ? 'IP6' : 'IP4';
  return [
    'v=0',
    `o=- 1 1 IN ${family} ${address}`,
    's=-',
    `c=IN ${family} ${address}`,
    't=0 0',
    `m=audio ${port} RTP/AVP 0`,
    'a=rtpmap:0 PCMU/8000',
    `a=${direction}`,
    '',
  ].join('\r\n');
}

interface DialogState {
  readonly callId: string;
  /** Whole From and To values as this side writes them. */
  readonly local: string;
  remote: string;
  remoteTarget: string;
  routes: readonly string[];
  cseq: number;
}

/** One party's side of a dialog: what it sends inside it is addressed and routed as RFC 3261 §12.2 says. */
export class SipCall {
  /** The INVITE that began it, as this party sent or received it. */
  readonly invite: SipText;
  readonly #party: SipParty;
  readonly #peer: Peer | undefined;
  #state: DialogState;

  constructor(party: SipParty, invite: SipText, state: DialogState, peer?: Peer) {
    this.#party = party;
    this.invite = invite;
    this.#state = state;
    this.#peer = peer;
  }

  get callId(): string {
    return this.#state.callId;
  }
  get routes(): readonly string[] {
    return this.#state.routes;
  }
  get remoteTarget(): string {
    return this.#state.remoteTarget;
  }
  get cseq(): number {
    return this.#state.cseq;
  }

  /** Waits until it rings at the other end. */
  rings(within?: number): Promise<Received> {
    return this.#answerTo(this.invite, (status) => status === 180, within);
  }

  /** Waits for the 200, acknowledges it and returns it. Throws when the call is refused. */
  async answered(within = PATIENCE_MS): Promise<Received> {
    const final = await this.final(within);
    if (final.status !== 200) throw new Error(`refused: ${final.startLine}`);
    return final;
  }

  /** Waits for the final answer, whatever it is. A 200 is acknowledged and establishes the dialog. */
  async final(within = PATIENCE_MS): Promise<Received> {
    const final = await this.#answerTo(this.invite, (status) => status >= 200, within);
    if (final.status !== undefined && final.status < 300) {
      this.establish(final);
      this.acknowledge();
    }
    return final;
  }

  /** Takes tag, target and route set from an answer. For tests that acknowledge by themselves. */
  establish(answer: Received): void {
    this.#state = {
      ...this.#state,
      remote: answer.header('To') ?? '',
      remoteTarget: contactOf(answer) || this.#state.remoteTarget,
      routes: answer.list('Record-Route').toReversed(),
      cseq: this.#party.latest(this.invite).cseq,
    };
  }

  /** The ACK for a 2xx: a request of its own, end to end. */
  acknowledge(options: RequestOptions = {}): SipText {
    return this.#request('ACK', this.#state.cseq, options);
  }

  /** Sends a request inside the dialog and returns it as sent. */
  request(method: string, options: RequestOptions = {}): SipText {
    this.#state.cseq += 1;
    return this.#request(method, this.#state.cseq, options);
  }

  /** Sends a request inside the dialog and waits for its final answer; the ACK of a re-INVITE included. */
  async ask(method: string, options: RequestOptions = {}): Promise<Received> {
    const sent = this.request(method, options);
    const final = await this.#party.finalAnswer(sent);
    if (method === 'INVITE' && final.status !== undefined && final.status < 300) {
      this.#state.remoteTarget = contactOf(final) || this.#state.remoteTarget;
      this.acknowledge();
    }
    return final;
  }

  /** Hangs up and waits for the 200. */
  async bye(): Promise<Received> {
    const final = await this.ask('BYE');
    if (final.status !== 200) throw new Error(`BYE answered ${final.startLine}`);
    return final;
  }

  /** Gives up before the answer. The test then expects the 200 for the CANCEL and the 487. */
  cancel(): void {
    const invite = this.#party.latest(this.invite);
    this.#party.request('CANCEL', invite.uri ?? '', {
      headers: {
        Via: invite.headers('Via')[0],
        From: invite.header('From'),
        To: invite.header('To'),
        'Call-ID': invite.callId,
        CSeq: `${invite.cseq} CANCEL`,
        Route: invite.headers('Route'),
        Contact: undefined,
      },
      ...(this.#peer !== undefined && { to: this.#peer }),
      authenticates: false,
    });
  }

  #request(method: string, cseq: number, { headers = {}, ...rest }: RequestOptions): SipText {
    const { callId, local, remote, remoteTarget, routes } = this.#state;
    const dialog: HeaderValues = {
      From: local,
      To: remote,
      'Call-ID': callId,
      CSeq: `${cseq} ${method}`,
      ...(routes.length > 0 && { Route: routes }),
      ...(/^(ACK|BYE|INFO|PRACK|MESSAGE)$/.test(method) && { Contact: undefined }),
    };
    return this.#party.request(method, remoteTarget, {
      ...(this.#peer !== undefined && { to: this.#nextHop(this.#peer) }),
      ...rest,
      headers: { ...dialog, ...headers },
    });
  }

  /**
   * RFC 3261 §12.2.1.1: the first Route, else the remote target. The way the call came counts only where that is
   * no address: a peer that always answers the way it was called would hide a missing Record-Route.
   */
  #nextHop(peer: Peer): Toward {
    const [route] = this.#state.routes;
    const next = route === undefined ? this.#state.remoteTarget : uriOf(route);
    const found = /^(sips?):(?:[^@]*@)?(\[[\da-f:]+\]|[\d.]+)(?::(\d+))?/i.exec(next);
    const [, scheme, host, port = '5060'] = found ?? [];
    const unsaid = scheme === 'sips' ? 'tls' : 'udp';
    const transport = /;transport=(\w+)/i.exec(next)?.[1]?.toLowerCase() ?? unsaid;
    const wire = this.#party.wires.find((one) => one.transport === transport);
    if (host === undefined || wire === undefined) return peer;
    return { address: host.replace(/[[\]]/g, ''), port: Number(port), transport: wire.transport };
  }

  #answerTo(
    request: SipText,
    fits: (status: number) => boolean,
    within = PATIENCE_MS,
  ): Promise<Received> {
    return this.#party.expect(
      ({ status, callId, cseqMethod }) =>
        status !== undefined &&
        fits(status) &&
        callId === request.callId &&
        cseqMethod === request.cseqMethod,
      { within },
    );
  }
}

/** Begins a call: sends the INVITE and returns at once. */
export function placeCall(party: SipParty, uri: string, options: RequestOptions = {}): SipCall {
  const invite = party.request('INVITE', uri, { body: sdp(party.address), ...options });
  const peer = options.to === undefined ? undefined : { transport: party.transport, ...options.to };
  return new SipCall(
    party,
    invite,
    {
      callId: invite.callId,
      local: invite.header('From') ?? '',
      remote: invite.header('To') ?? '',
      remoteTarget: uri,
      routes: [],
      cseq: invite.cseq,
    },
    peer,
  );
}

/** The called side of a dialog, from the INVITE that came in. Requests go out the way it came. */
export function calledSide(party: SipParty, invite: Received): SipCall {
  return new SipCall(
    party,
    invite,
    {
      callId: invite.callId,
      local: `${invite.header('To')};tag=${party.tagFor(invite.callId)}`,
      remote: invite.header('From') ?? '',
      remoteTarget: contactOf(invite) || uriOf(invite.header('From') ?? ''),
      routes: invite.list('Record-Route'),
      cseq: 100,
    },
    invite.from,
  );
}
