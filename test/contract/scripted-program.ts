import type { EngineServing } from '../../src/engine/create-engine.ts';
import type {
  Agents,
  Choice,
  Program,
  Programs,
  RecordKind,
} from '../../src/engine/protocol/program.ts';
import { readSip, type SipText } from '../support/sip-text.ts';
import { eventually } from './eventually.ts';
import type { Gate } from './gate.ts';

interface Frame {
  readonly tokens: readonly string[];
  readonly message: SipText | undefined;
}

export interface ProxyOptions {
  readonly recordRoute?: boolean;
  readonly fullResponse?: boolean;
  readonly followRedirects?: boolean;
  readonly simultaneous?: boolean;
  readonly provisionalTimeoutMs?: number;
  readonly finalTimeoutMs?: number;
  readonly headers?: readonly string[];
}

/** A call program at the place where its connection meets the engine: it is given every new request. */
export class ScriptedProgram implements Program, Programs {
  readonly tags: readonly string[] = [];
  connected = true;
  readonly frames: Frame[] = [];
  /** What is decided about a new request; at first that this program has it. */
  decide: Choice = { kind: 'program', program: this };
  /** Which call records it asked for. */
  readonly records = new Set<RecordKind>();
  #agents: Agents | undefined;
  readonly #taken = new Set<Frame>();
  #commands = 0;

  constructor(gate: Gate) {
    (gate.serving as EngineServing).servePrograms((agents) => {
      this.#agents = agents;
      return this;
    });
  }

  send(tokens: readonly (string | number)[], message?: string): void {
    if (!this.connected) return;
    this.frames.push({
      tokens: tokens.map(String),
      message: message === undefined ? undefined : readSip(message),
    });
  }

  takes(): boolean {
    return true;
  }
  choose(_request: unknown, _channel: unknown, chosen: (choice: Choice) => void): void {
    chosen(this.decide);
  }
  recorderOf(kind: RecordKind): Program | undefined {
    return this.records.has(kind) ? this : undefined;
  }

  lose(): void {
    this.connected = false;
    this.#agents?.lost(this);
  }

  /** The next request it was given and was not asked for yet: its transactionId. */
  async request(method: string): Promise<string> {
    const given = () =>
      this.frames.find(
        (frame) =>
          frame.tokens[0] === 'sip' && frame.message?.method === method && !this.#taken.has(frame),
      );
    await eventually(() => given() !== undefined, `the program gets ${method}`);
    const frame = given();
    if (frame === undefined) throw new Error(`no ${method}`);
    this.#taken.add(frame);
    return frame.tokens[7] ?? '';
  }

  /** Has a request proxied; what comes of it is read from the id this returns. */
  proxy(
    transactionId: string,
    destinations: readonly string[],
    options: ProxyOptions = {},
  ): string {
    const id = `p${++this.#commands}`;
    const { headers = [], ...rest } = options;
    this.#agents?.command(this, {
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
      ...rest,
    });
    return id;
  }

  /** What it was told of one command so far: statuses reported, and `done` or the reason of a NOK. */
  told(id: string): readonly (number | string)[] {
    return this.responses(id).map(({ tokens, message }) =>
      tokens[2] === 'NOK' ? `NOK ${tokens[3]}` : (message?.status ?? tokens[3] ?? ''),
    );
  }

  responses(id: string): readonly Frame[] {
    return this.frames.filter(({ tokens }) => tokens[0] === 'response' && tokens[1] === id);
  }

  /** Waits for the last word on a command and says all that was told. */
  async outcome(id: string, within = 3000): Promise<readonly (number | string)[]> {
    const over = () => this.told(id).some((word) => typeof word === 'string');
    await eventually(over, `the last word on ${id}`, within);
    return this.told(id);
  }
}
