import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import { uriHost } from '../../src/sip/message/uri.ts';
import { PATIENCE_MS } from './patience.ts';
import { calledSide, placeCall, type SipCall, sdp } from './sip-call.ts';
import { type AnswerOptions, type Received, type RequestOptions, SipParty } from './sip-party.ts';
import {
  type Hear,
  type Place,
  streamWire,
  udpWire,
  type Wire,
  type WireTransport,
  webSocketWire,
} from './sip-wire.ts';

export interface PhoneOptions {
  readonly transport?: WireTransport;
  /** The gate. */
  readonly to: Place;
  readonly user?: string;
  /** Given, challenges are answered without the test seeing them. */
  readonly password?: string;
  /** The digest user name, when it is not `user`. */
  readonly registerName?: string;
  /** Of From and of the URIs it calls. Default: the gate's address. */
  readonly domain?: string;
  /** Its own address, e.g. 127.0.3.1. Default: 127.0.0.1, or ::1 toward an IPv6 gate. */
  readonly address?: string;
  /** UDP only; default any free one. */
  readonly port?: number;
  /** Client certificate, versions, SNI name… */
  readonly tls?: ConnectionOptions;
}

export interface RegisterOptions extends RequestOptions {
  readonly expires?: number;
  /** The whole Contact value. */
  readonly contact?: string;
  /** How long its answer may take, in milliseconds. */
  readonly within?: number;
}

/** A scripted phone: it speaks to the gate only, over one socket, and does what the test says. */
export class Phone extends SipParty {
  readonly #to: Place;
  readonly #registration = { callId: `reg-${crypto.randomUUID()}`, cseq: 0 };

  constructor(wire: Wire, { to, user = '1001', password, registerName, domain }: PhoneOptions) {
    const gate = { address: to.address, port: to.port };
    const credentials =
      password === undefined ? undefined : { user: registerName ?? user, password };
    super([wire], { user, domain: domain ?? uriHost(to.address), credentials }, gate);
    this.#to = gate;
  }

  /** Registers and returns the 200, or throws with what came instead. */
  async register(options: RegisterOptions = {}): Promise<Received> {
    const final = await this.tryToRegister(options);
    if (final.status !== 200) throw new Error(`REGISTER answered ${final.startLine}`);
    return final;
  }

  /** Registers and returns the final answer, whatever it is. */
  async tryToRegister(options: RegisterOptions = {}): Promise<Received> {
    const { expires = 300, contact = this.contact, headers = {}, within, ...rest } = options;
    const { callId } = this.#registration;
    const { domain, user } = this.identity;
    const sent = this.request('REGISTER', `sip:${domain}`, {
      ...rest,
      headers: {
        To: `<sip:${user}@${domain}>`,
        'Call-ID': callId,
        CSeq: `${this.#registration.cseq + 1} REGISTER`,
        Contact: contact,
        Expires: String(expires),
        ...headers,
      },
    });
    const final = await this.finalAnswer(sent, within);
    this.#registration.cseq = final.cseq;
    return final;
  }

  /** Takes its registration back. */
  unregister(): Promise<Received> {
    return this.register({ expires: 0 });
  }

  /** Calls a number or a URI; returns at once, before any answer. */
  async invite(to: string, options: RequestOptions = {}): Promise<SipCall> {
    return placeCall(this, to.includes(':') ? to : `sip:${to}@${this.identity.domain}`, options);
  }

  /** Answers an INVITE 200 with a session, waits for the ACK, and returns its side of the call. */
  async accept(invite: Received, options: AnswerOptions = {}): Promise<SipCall> {
    this.answer(invite, 200, { body: sdp(this.address), ...options });
    await this.expect(({ method, callId }) => method === 'ACK' && callId === invite.callId);
    return calledSide(this, invite);
  }

  /** RFC 5626 §4.4.1: a double CRLF, to be answered by one. Resolves when it is. */
  async keepAlive(within = PATIENCE_MS): Promise<void> {
    const before = this.crlfs;
    this.send('\r\n\r\n');
    const giveUpAt = performance.now() + within;
    while (this.crlfs === before) {
      if (performance.now() > giveUpAt) throw new Error(`no CRLF within ${within} ms`);
      await sleep(5);
    }
  }

  /** Waits until the gate closes the connection. */
  async disconnected(within = PATIENCE_MS): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`still connected after ${within} ms`)), within);
    });
    await Promise.race([this.wires[0]?.ended, tooLate]).finally(() => clearTimeout(timer));
  }

  /** The certificate the gate showed, over TLS. */
  get gateCertificate() {
    return this.wires[0]?.tls?.getPeerCertificate();
  }

  /** The gate, as this phone knows it. */
  get gate(): Place {
    return this.#to;
  }
}

/** A phone with its socket open. Over TCP, TLS and WebSocket it is connected when this resolves. */
export async function aPhone(options: PhoneOptions): Promise<Phone> {
  const { transport = 'udp', to } = options;
  const address = options.address ?? (to.address.includes(':') ? '::1' : '127.0.0.1');
  // The wire hears before the party exists; nothing is lost because both are made in one turn of the loop.
  let phone: Phone | undefined;
  const hear: Hear = (text, from) => phone?.hear(text, from);
  const wire =
    transport === 'udp'
      ? await udpWire({ address, port: options.port ?? 0 }, hear)
      : transport === 'tcp' || transport === 'tls'
        ? await streamWire(transport, address, to, hear, options.tls)
        : await webSocketWire(transport, address, to, hear);
  phone = new Phone(wire, options);
  return phone;
}
