import { issueCertificate } from '../../src/engine/transport/certificate/issue-certificate.ts';
import { calledSide, placeCall, type SipCall, sdp } from './sip-call.ts';
import { type AnswerOptions, type Received, type RequestOptions, SipParty } from './sip-party.ts';
import { type Hear, tcpListenerWire, udpWire, type Wire } from './sip-wire.ts';

export interface PbxOptions {
  /** Default 127.0.0.1; give each node one of its own when the gate tells nodes apart by address. */
  readonly address?: string;
  /** Default: a free one, the same for UDP and TCP. */
  readonly port?: number;
  /** Default true: health checks are answered 200 out of the test's sight. */
  readonly answersOptions?: boolean;
  /** Of From and Contact. */
  readonly user?: string;
  /** Default false: it listens for TLS too, with a certificate that nobody vouches for. */
  readonly tls?: boolean;
}

const DAY_MS = 86_400_000;

/** A scripted PBX: it listens on UDP and TCP on one port and does what the test says. */
export class Pbx extends SipParty {
  /** How the gate is told to reach it. */
  get uri(): string {
    return `sip:${this.address}:${this.port}`;
  }
  /** The same over TLS. */
  get secureUri(): string {
    const port = this.wires.find(({ transport }) => transport === 'tls')?.local.port;
    return `sip:${this.address}:${port};transport=tls`;
  }

  /** Calls: `uri` is what goes into the Request-URI, `to` where the INVITE goes. Returns before any answer. */
  async invite(
    uri: string,
    options: RequestOptions & Required<Pick<RequestOptions, 'to'>>,
  ): Promise<SipCall> {
    return placeCall(this, uri, options);
  }

  /** Answers an INVITE 200 with a session, waits for the ACK, and returns its side of the call. */
  async accept(invite: Received, options: AnswerOptions = {}): Promise<SipCall> {
    this.answer(invite, 200, { body: sdp(this.address), ...options });
    await this.expect(({ method, callId }) => method === 'ACK' && callId === invite.callId);
    return calledSide(this, invite);
  }

  /** From now on answers every call 200 with a session, and its end. */
  takesAllCalls(): void {
    this.always('INVITE', (invite) => this.answer(invite, 200, { body: sdp(this.address) }));
    this.always('ACK', () => {});
    this.always('BYE', (bye) => this.answer(bye, 200));
  }

  /** From now on answers every REGISTER 200 with the Contacts it asked for, as a registrar does. */
  registersAll(): void {
    this.always('REGISTER', (request) => {
      const expires = request.header('Expires') ?? '300';
      const contacts = expires === '0' ? [] : request.list('Contact');
      this.answer(request, 200, {
        headers: {
          Contact: contacts.map((contact) =>
            /;expires=/i.test(contact) ? contact : `${contact};expires=${expires}`,
          ),
          Path: request.headers('Path'),
        },
      });
    });
  }
}

/** A PBX that listens when this resolves. */
export async function aPbx(options: PbxOptions = {}): Promise<Pbx> {
  const { address = '127.0.0.1', port = 0, answersOptions = true, user = 'pbx' } = options;
  let pbx: Pbx | undefined;
  const hear: Hear = (text, from) => pbx?.hear(text, from);
  const wires = await bothOnOnePort(address, port, hear);
  if (options.tls === true)
    wires.push(await tcpListenerWire({ address, port: 0 }, hear, certificateOf(address)));
  pbx = new Pbx(wires, { user, domain: address, credentials: undefined });
  if (answersOptions) pbx.always('OPTIONS', (request) => pbx?.answer(request, 200));
  return pbx;
}

/** A port that is free for UDP may be taken for TCP: try again with another then. */
async function bothOnOnePort(address: string, port: number, hear: Hear): Promise<Wire[]> {
  for (let attempt = 1; ; attempt += 1) {
    const udp = await udpWire({ address, port }, hear);
    try {
      return [udp, await tcpListenerWire({ address, port: udp.local.port }, hear)];
    } catch (problem) {
      await udp.close();
      if (port !== 0 || attempt === 10) throw problem;
    }
  }
}

function certificateOf(address: string) {
  const { certificate, key } = issueCertificate({
    commonName: address,
    names: [address],
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
  });
  return { cert: certificate, key };
}
