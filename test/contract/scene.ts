import type { Realm, Target, Transport } from '../../src/edge/signaling.ts';
import { aPbx, type Pbx, type PbxOptions } from '../support/a-pbx.ts';
import { aPhone, type Phone, type PhoneOptions } from '../support/a-phone.ts';
import type { SipCall } from '../support/sip-call.ts';
import {
  newBranch,
  type Received,
  type RequestOptions,
  type SipParty,
} from '../support/sip-party.ts';
import { composeSip, type HeaderValues } from '../support/sip-text.ts';
import { aGate, type Gate, type GateOptions } from './gate.ts';
import type { ListenerWanted } from './under-test.ts';

export interface SceneOptions extends Partial<GateOptions> {
  readonly phone?: Partial<PhoneOptions>;
  readonly pbx?: PbxOptions;
}

/** A gate with a phone on its outside and a PBX on its inside; until told otherwise it forwards all to the PBX. */
export class Scene implements AsyncDisposable {
  readonly gate: Gate;
  readonly phone: Phone;
  readonly pbx: Pbx;
  readonly #options: SceneOptions;
  readonly #parties: SipParty[];

  constructor(gate: Gate, phone: Phone, pbx: Pbx, options: SceneOptions) {
    this.gate = gate;
    this.phone = phone;
    this.pbx = pbx;
    this.#options = options;
    this.#parties = [phone, pbx];
    gate.forwards(({ request }) => ({
      targets: [at(pbx)],
      recordRoute: request.method === 'INVITE',
    }));
  }

  async anotherPhone(options: Partial<PhoneOptions> = {}): Promise<Phone> {
    const phone = await aPhoneAt(this.gate, { ...this.#options.phone, ...options });
    this.#parties.push(phone);
    return phone;
  }

  async anotherPbx(options: PbxOptions = {}): Promise<Pbx> {
    const pbx = await aPbx({ answersOptions: false, ...options });
    this.#parties.push(pbx);
    return pbx;
  }

  /** An answered call from the phone to the PBX. */
  async talk(options: RequestOptions = {}): Promise<Talk> {
    return talk(this.phone, this.pbx, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gate[Symbol.asyncDispose]();
    // Some tests have closed a party already.
    await Promise.allSettled(this.#parties.map((party) => party.close()));
  }
}

export interface Talk {
  readonly caller: SipCall;
  readonly called: SipCall;
  /** The INVITE as it arrived. */
  readonly invite: Received;
}

/** An answered call between these two. */
async function talk(phone: Phone, pbx: Pbx, options: RequestOptions = {}): Promise<Talk> {
  const caller = await phone.invite('1002', options);
  const invite = await pbx.expect('INVITE');
  const accepting = pbx.accept(invite);
  await caller.answered();
  return { caller, called: await accepting, invite };
}

const everywhere: readonly ListenerWanted[] = (['access', 'core'] as const).flatMap((realm) =>
  (['udp', 'tcp'] as const).map((transport) => ({ transport, realm })),
);

/** Gate, phone and PBX, all listening; the gate listens for the phone's transport too. */
export async function aScene(options: SceneOptions = {}): Promise<Scene> {
  const {
    phone = {},
    pbx = {},
    admits,
    answersBroken,
    realmOf,
    mayReach,
    hears,
    hides,
    behind,
    ringSeconds,
    limits,
  } = options;
  const { transport = 'udp' } = phone;
  const known = everywhere.some((listener) => listener.transport === transport);
  const gate = await aGate({
    listeners: [
      ...(options.listeners ?? everywhere),
      ...(known ? [] : [{ transport, realm: 'access' } as const]),
    ],
    ...(admits !== undefined && { admits }),
    ...(answersBroken !== undefined && { answersBroken }),
    ...(realmOf !== undefined && { realmOf }),
    ...(mayReach !== undefined && { mayReach }),
    ...(hears !== undefined && { hears }),
    ...(hides !== undefined && { hides }),
    ...(behind !== undefined && { behind }),
    ...(ringSeconds !== undefined && { ringSeconds }),
    ...(limits !== undefined && { limits }),
  });
  return new Scene(
    gate,
    await aPhoneAt(gate, phone),
    await aPbx({ answersOptions: false, ...pbx }),
    options,
  );
}

async function aPhoneAt(gate: Gate, options: Partial<PhoneOptions>): Promise<Phone> {
  const { address, port } = gate.listener(options.transport ?? 'udp');
  return aPhone({ to: { address, port }, ...options });
}

/** A PBX as a target of the gate's. */
export function at(
  pbx: Pbx,
  { transport, ...rest }: { transport?: Transport; requestUri?: string; realm?: Realm } = {},
): Target {
  return {
    nextHop: transport === undefined ? pbx.uri : `${pbx.uri};transport=${transport}`,
    realm: 'core',
    ...rest,
  };
}

/** A target that refuses every connection. */
export const nobody: Target = { nextHop: 'sip:127.0.0.1:1;transport=tcp', realm: 'core' };

/** A request as text, for tests that send bytes: nothing is acknowledged or repeated for them. */
export function requestText(
  party: SipParty,
  method: string,
  headers: HeaderValues = {},
  body = '',
): string {
  const { address, port, transport } = party;
  const place = port === 0 ? 'browser.invalid' : `${address}:${port}`; // RFC 7118 §5
  const id = newBranch().slice(7);
  return composeSip(
    `${method} sip:1002@example.test SIP/2.0`,
    [
      ['Via', `SIP/2.0/${transport.toUpperCase()} ${place};branch=${newBranch()};rport`],
      ['Max-Forwards', '70'],
      ['From', `"A \\" b" <sip:1001@example.test>;tag=${id}`],
      ['To', '<sip:1002@example.test>'],
      ['Call-ID', id],
      ['CSeq', `7 ${method}`],
      ['Contact', `<sip:1001@${place}>`],
    ],
    headers,
    body,
  );
}

/** Sends bytes to the gate and forgets them: no ACK is made by itself. */
export function speak(phone: Phone, text: string): void {
  phone.wires[0]?.send(text, phone.gate);
}

/** Everything a party got of one kind, repetitions included. */
export function heard(party: SipParty, kind: string | number): readonly Received[] {
  return party.received.filter(({ method, status }) => kind === method || kind === status);
}

/** The header lines of a message apart from those named, and its body. */
export function linesBut(text: string, ...names: readonly string[]): readonly string[] {
  const left = new RegExp(`^(${names.join('|')})\\s*:`, 'i');
  return text.split('\r\n').filter((line) => !left.test(line));
}
