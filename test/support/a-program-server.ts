import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProgramPortSettings, ProgramSettings } from '../../src/config/settings.ts';
import type { Listener, Realm } from '../../src/edge/signaling.ts';
import type {
  Agents,
  Choice,
  Command,
  Holding,
  Program,
} from '../../src/engine/protocol/program.ts';
import { ProgramServer } from '../../src/engine/protocol/program-server.ts';
import type { Channel } from '../../src/engine/transport/transports.ts';
import type { Message } from '../../src/sip/message/message.ts';
import { readMessage } from '../../src/sip/message/read-message.ts';
import { eventually } from './eventually.ts';
import { ownAddress } from './own-address.ts';
import { WireProgram } from './wire-program.ts';

export const secret = 'correct-horse-battery';

/** Agents that answer every command at once, and note what they are told. */
export class EchoAgents implements Agents {
  readonly commands: { readonly program: Program; readonly command: Command }[] = [];
  readonly lostPrograms: Program[] = [];
  readonly held = new Map<Program, Holding>();
  /** What is done with a command; at first it is answered. */
  respond: (program: Program, command: Command) => void = (program, { id }) =>
    program.send(['response', id, 'OK', 'echo']);

  command(program: Program, command: Command): void {
    this.commands.push({ program, command });
    this.respond(program, command);
  }

  lost(program: Program): void {
    this.lostPrograms.push(program);
  }

  holdings(): ReadonlyMap<Program, Holding> {
    return this.held;
  }

  callIds(): ReadonlySet<string> {
    return new Set(['c1']);
  }
}

export interface ProgramServerWish {
  readonly port?: Partial<Omit<ProgramPortSettings, 'limits'>>;
  readonly limits?: Partial<ProgramPortSettings['limits']>;
  readonly programs?: Partial<ProgramSettings>;
  readonly listeners?: readonly Listener[];
  readonly authorities?: string;
}

/** A program server with nothing behind it but an echo. */
export class OpenProgramServer implements AsyncDisposable {
  readonly server: ProgramServer;
  readonly agents: EchoAgents;
  readonly log: readonly {
    readonly level: string;
    readonly text: string;
    readonly fields: object;
  }[];
  readonly address: string;
  readonly #data: string;

  private constructor(
    server: ProgramServer,
    facts: Pick<OpenProgramServer, 'agents' | 'log' | 'address'>,
    data: string,
  ) {
    this.server = server;
    this.agents = facts.agents;
    this.log = facts.log;
    this.address = facts.address;
    this.#data = data;
  }

  static async open(wish: ProgramServerWish = {}): Promise<OpenProgramServer> {
    const data = mkdtempSync(join(tmpdir(), 'programs-'));
    const log: { level: string; text: string; fields: object }[] = [];
    const note = (level: string) => (fields: object, text: string) => {
      log.push({ level, text, fields });
    };
    const agents = new EchoAgents();
    const address = wish.port?.address ?? ownAddress();
    const server = new ProgramServer(
      {
        settings: {
          dataDirectory: data,
          drain: { deadlineSeconds: 60, retryAfterSeconds: 5 },
          tls: {
            certificates: [],
            warnDaysBeforeExpiry: 21,
            ...(wish.authorities === undefined ? {} : { authorities: wish.authorities }),
          },
          programPort: {
            address,
            port: 0,
            tls: { enabled: false },
            ...wish.port,
            limits: {
              connections: 64,
              outboundConnections: 64,
              authenticateSeconds: 5,
              frameBytes: 131_072,
              unsentBytes: 1_000_000,
              stalledSeconds: 10,
              unanswered: 10,
              answerSeconds: 10,
              keepAliveSeconds: 45,
              ...wish.limits,
            },
          },
          programs: { secret, requests: [], handlers: [], ...wish.programs },
        },
        listeners: wish.listeners ?? [],
        version: '1.2.3',
        log: { info: note('info'), warn: note('warn'), error: note('error') },
      },
      agents,
    );
    await server.listen();
    return new OpenProgramServer(server, { agents, log, address }, data);
  }

  connect(): Promise<WireProgram> {
    const port = this.server.port;
    if (port === undefined) throw new Error('programs cannot connect');
    return WireProgram.to(port);
  }

  /** A program that is in, and asked for these. */
  async program(verbs: readonly string[] = [], tags = ''): Promise<WireProgram> {
    const program = await this.connect();
    await program.authenticate(secret, tags);
    for (const verb of verbs) await program.told(['route', verb]);
    return program;
  }

  /** What is decided about a request. */
  choose(request: Message = aRequest(), channel: Channel = aChannel()): Promise<Choice> {
    return new Promise((chosen) => this.server.choose(request, channel, chosen));
  }

  /** Which of these programs is given a request; its number, or the status it is refused with. */
  async next(programs: readonly WireProgram[], request = aRequest()): Promise<number> {
    const choice = await this.choose(request);
    if (choice.kind === 'reject') return choice.status;
    if (choice.kind !== 'program') throw new Error(choice.kind);
    const before = programs.map((one) => one.given().length);
    choice.program.send(['sip', 'given']);
    const got = () => programs.findIndex((one, index) => one.given().length > (before[index] ?? 0));
    await eventually(() => got() >= 0, 'somebody is given it');
    return got();
  }

  said(text: RegExp): readonly { readonly level: string; readonly fields: object }[] {
    return this.log.filter((line) => text.test(line.text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
    rmSync(this.#data, { recursive: true, force: true });
  }
}

/** A new request as the engine hands it over. */
export function aRequest(
  facts: { method?: string; uri?: string; headers?: readonly string[]; body?: string } = {},
): Message {
  const { method = 'INVITE', uri = 'sip:101@gate.example', headers = [], body = '' } = facts;
  const lines = [
    `${method} ${uri} SIP/2.0`,
    'Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1',
    'From: "A" <sip:alice@x.example>;tag=1',
    'To: <sip:bob@y.example>',
    'Call-ID: c1',
    `CSeq: 1 ${method}`,
    ...headers,
    `Content-Length: ${body.length}`,
  ];
  const message = readMessage(`${lines.join('\r\n')}\r\n\r\n${body}`);
  if (message === undefined) throw new Error('that is no message');
  return message;
}

export function aListener(facts: Partial<Listener> = {}): Listener {
  const { transport = 'udp', address = '192.0.2.1', port = 5060, realm = 'access' } = facts;
  const name = `${transport}:${address}:${port}`;
  return { name, transport, address, port, realm, advertised: { host: address, port }, ...facts };
}

/** Where a request came from, as far as it matters to who is given it. */
export function aChannel(listener: Listener = aListener(), realm: Realm = listener.realm): Channel {
  const nothing = (): never => {
    throw new Error('nothing is sent here');
  };
  return {
    listener,
    realm,
    transport: listener.transport,
    address: '198.51.100.7',
    port: 5062,
    reliable: false,
    open: true,
    token: 't',
    certificateNames: [],
    send: nothing,
    disregarded: nothing,
    close: nothing,
    atPort: nothing,
  };
}
