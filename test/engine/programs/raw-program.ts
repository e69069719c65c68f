import type { EngineServing } from '../../../src/engine/create-engine.ts';
import type {
  Agents,
  Choice,
  Program,
  Programs,
  ProxyCommand,
  RecordKind,
} from '../../../src/engine/protocol/program.ts';
import { aGate, type Gate, type GateOptions } from '../../contract/gate.ts';
import { aPbx, type Pbx, type PbxOptions } from '../../support/a-pbx.ts';
import { aPhone, type Phone, type PhoneOptions } from '../../support/a-phone.ts';
import { eventually } from '../../support/eventually.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import type { SipParty } from '../../support/sip-party.ts';
import { composeSip, type HeaderValues, readSip, type SipText } from '../../support/sip-text.ts';

/** What a program is sent, taken apart: tokens without the frame's own id. */
export interface Frame {
  readonly kind: string;
  readonly tokens: readonly string[];
  readonly message: SipText;
  /** Of a `sip` frame. */
  readonly source: string;
  readonly transactionId: string;
  readonly dialogId: string;
}

/** The one answer to a command. */
export interface Answered {
  readonly tokens: readonly string[];
  readonly ok: boolean;
  /** Why not. */
  readonly why: string;
  readonly transactionId: string;
  readonly dialogId: string;
  /** As it was sent. */
  readonly message: SipText;
}

/** How a request is to be proxied; what is not said is as a program that asks for nothing has it. */
export type ProxyOptions = Partial<Omit<ProxyCommand, 'kind' | 'id' | 'text'>> & {
  /** Header lines to add. */
  readonly headers?: readonly string[];
};

export interface Sent {
  readonly headers?: HeaderValues;
  readonly body?: string;
  readonly transactionId?: string;
  readonly dialogId?: string;
  readonly routeUrl?: string;
}

const nothing = readSip('NOTHING x SIP/2.0\r\n\r\n');

/** A program at the place where its connection meets the engine: it says what a test has it say. */
export class RawProgram implements Program {
  readonly tags: readonly string[] = [];
  connected = true;
  /** All it was ever sent, in order. */
  readonly frames: Frame[] = [];
  readonly #answers = new Map<string, Answered>();
  /** How often each command was answered. */
  readonly answered = new Map<string, number>();
  readonly #taken = new Set<Frame>();
  readonly #agents: Agents;
  #commands = 0;

  constructor(agents: Agents) {
    this.#agents = agents;
  }

  send(tokens: readonly (string | number)[], message?: string): void {
    if (!this.connected) return;
    const said = tokens.map(String);
    const text = message === undefined ? nothing : readSip(message);
    const [kind = '', second = '', third = ''] = said;
    if (kind === 'response') {
      this.answered.set(second, (this.answered.get(second) ?? 0) + 1);
      this.#answers.set(second, {
        tokens: said,
        ok: third === 'OK',
        why: said[3] ?? '',
        transactionId: said[9] ?? '',
        dialogId: said[10] ?? '',
        message: text,
      });
    }
    this.frames.push({
      kind,
      tokens: said,
      message: text,
      source: second,
      transactionId: said[7] ?? '',
      dialogId: said[8] ?? '',
    });
  }

  /** Its connection breaks. */
  lose(): void {
    this.connected = false;
    this.#agents.lost(this);
  }

  /** Sends a request or a response as it stands, and waits for what is said to it. */
  async say(startLine: string, sent: Sent = {}): Promise<Answered> {
    const id = this.#say(startLine, sent);
    await eventually(() => this.#answers.has(id), `the answer to ${startLine}`);
    const answer = this.#answers.get(id);
    if (answer === undefined) throw new Error('no answer');
    return answer;
  }

  #say(startLine: string, { headers = {}, body = '', ...ids }: Sent): string {
    const id = `c${++this.#commands}`;
    this.#agents.command(this, {
      kind: 'sip',
      id,
      transactionId: ids.transactionId ?? '',
      dialogId: ids.dialogId ?? '',
      routeUrl: ids.routeUrl,
      text: composeSip(startLine, [], headers, body),
    });
    return id;
  }

  /** Answers a request. */
  answer(to: Frame, status: number, sent: Sent = {}): Promise<Answered> {
    return this.say(`SIP/2.0 ${status} Said`, { transactionId: to.transactionId, ...sent });
  }

  request(method: string, uri: string, sent: Sent = {}): Promise<Answered> {
    return this.say(`${method} ${uri} SIP/2.0`, sent);
  }

  /** A request in a dialog, to whoever is at its other end. */
  inside(dialogId: string, method: string, sent: Sent = {}): Promise<Answered> {
    return this.request(method, 'sip:placeholder', { dialogId, ...sent });
  }

  /** Has a request proxied; what comes of it is read from the id this returns. */
  proxy(
    { transactionId }: Pick<Frame, 'transactionId'>,
    destinations: readonly string[],
    { headers = [], ...options }: ProxyOptions = {},
  ): string {
    const id = `p${++this.#commands}`;
    this.#agents.command(this, {
      kind: 'proxy',
      id,
      transactionId,
      recordRoute: false,
      fullResponse: true,
      followRedirects: false,
      simultaneous: false,
      provisionalTimeoutMs: undefined,
      finalTimeoutMs: undefined,
      destinations,
      text: `INVITE sip:x SIP/2.0\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`,
      ...options,
    });
    return id;
  }

  responses(id: string): readonly Frame[] {
    return this.frames.filter(({ kind, tokens }) => kind === 'response' && tokens[1] === id);
  }

  /** What it was told of one proxying so far: statuses reported, and `done` or the reason of a NOK. */
  told(id: string): readonly (number | string)[] {
    return this.responses(id).map(({ tokens, message }) =>
      tokens[2] === 'NOK' ? `NOK ${tokens[3]}` : (message.status ?? tokens[3] ?? ''),
    );
  }

  /** Waits for the last word on a proxying and says all that was told. */
  async outcome(id: string, within = PATIENCE_MS): Promise<readonly (number | string)[]> {
    const over = () => this.told(id).some((word) => typeof word === 'string');
    await eventually(over, `the last word on ${id}`, within);
    return this.told(id);
  }

  /** The next request of this method, or answer of this status, that was not asked for before. */
  async gets(what: string | number, within = PATIENCE_MS): Promise<Frame> {
    const next = () =>
      this.frames.find(
        (frame) =>
          frame.kind === 'sip' &&
          !this.#taken.has(frame) &&
          (frame.message.method === what || frame.message.status === what),
      );
    await eventually(() => next() !== undefined, `the program gets ${what}`, within);
    const found = next();
    if (found === undefined) throw new Error(`no ${what}`);
    this.#taken.add(found);
    return found;
  }

  /** What it got of SIP, in short: methods and statuses. */
  heard(): readonly (string | number)[] {
    return this.frames
      .filter(({ kind }) => kind === 'sip')
      .map(({ message }) => message.method ?? message.status ?? '');
  }
}

export interface ProgramSceneOptions extends Partial<GateOptions> {
  readonly phone?: Partial<PhoneOptions>;
  readonly pbx?: PbxOptions;
}

/** A gate with a program that has every new request, a phone, and a PBX to be called. */
export class ProgramScene implements AsyncDisposable, Programs {
  readonly gate: Gate;
  readonly program: RawProgram;
  phone!: Phone;
  readonly pbx: Pbx;
  /** Who has a new request; at first the one program. */
  decide: Choice;
  /** Set, decisions wait in it for the test to make them. */
  undecided: ((choice: Choice) => void)[] | undefined;
  readonly records = new Set<RecordKind>();
  readonly #agents: Agents;
  readonly #parties: SipParty[] = [];
  readonly #options: ProgramSceneOptions;

  constructor(gate: Gate, pbx: Pbx, options: ProgramSceneOptions) {
    this.gate = gate;
    this.pbx = pbx;
    this.#options = options;
    let given: Agents | undefined;
    (gate.serving as EngineServing).servePrograms((agents) => {
      given = agents;
      return this;
    });
    if (given === undefined) throw new Error('no agents');
    this.#agents = given;
    this.program = new RawProgram(this.#agents);
    this.decide = { kind: 'program', program: this.program };
  }

  takes(): boolean {
    return true;
  }
  choose(_request: unknown, _channel: unknown, chosen: (choice: Choice) => void): void {
    if (this.undecided === undefined) chosen(this.decide);
    else this.undecided.push(chosen);
  }
  recorderOf(kind: RecordKind): Program | undefined {
    return this.records.has(kind) ? this.program : undefined;
  }

  holdings() {
    return this.#agents.holdings();
  }

  anotherProgram(): RawProgram {
    return new RawProgram(this.#agents);
  }

  async anotherPhone(options: Partial<PhoneOptions> = {}): Promise<Phone> {
    const all = { ...this.#options.phone, ...options };
    const { address, port } = this.gate.listener(all.transport ?? 'udp');
    const phone = await aPhone({ to: { address, port }, ...all });
    this.#parties.push(phone);
    return phone;
  }

  async anotherPbx(): Promise<Pbx> {
    const pbx = await aPbx({ answersOptions: false });
    this.#parties.push(pbx);
    return pbx;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gate[Symbol.asyncDispose]();
    await Promise.allSettled([...this.#parties, this.pbx].map((party) => party.close()));
  }
}

export async function aProgramScene(options: ProgramSceneOptions = {}): Promise<ProgramScene> {
  const { phone: _phone, pbx = {}, ...rest } = options;
  const gate = await aGate({
    listeners: [
      { transport: 'udp', realm: 'access' },
      { transport: 'tcp', realm: 'access' },
    ],
    ...rest,
  });
  const scene = new ProgramScene(gate, await aPbx({ answersOptions: false, ...pbx }), options);
  // what is no program's belongs to nothing that is known here
  gate.decide = (incoming) => incoming.answer(481);
  scene.phone = await scene.anotherPhone();
  return scene;
}
