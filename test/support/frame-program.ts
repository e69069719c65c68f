import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS } from './patience.ts';
import type { Place } from './sip-wire.ts';

export interface Frame {
  readonly tokens: readonly string[];
  /** The SIP message, or empty. */
  readonly text: string;
}

/** A call program at the level of its frames, written apart from the gate's own reader: it may say anything. */
export class FrameProgram {
  readonly frames: Frame[] = [];
  readonly socket: Socket;
  /** Called with every frame, as it comes. */
  heard: (frame: Frame) => void = () => {};
  closed = false;
  #unread = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
  }

  static async connect({ address, port }: Place): Promise<FrameProgram> {
    const socket = connect({ host: address, port, noDelay: true });
    const program = new FrameProgram(socket);
    await once(socket, 'connect');
    return program;
  }

  /** One that has authenticated and asked for these methods. */
  static async ready(place: Place, secret: string, ...verbs: string[]): Promise<FrameProgram> {
    const program = await FrameProgram.connect(place);
    for (const said of [`authenticate|${secret}|`, ...verbs.map((verb) => `route|${verb}`)])
      await program.ask(said);
    return program;
  }

  /** One frame, as lengthy as it says. */
  frame(payload: string): void {
    this.socket.write(`${Buffer.byteLength(payload, 'latin1')}#${payload}`, 'latin1');
  }

  bytes(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Sends a command with an id of its own, and returns that. */
  command(said: string): string {
    const id = randomUUID();
    this.frame(`${id}|${said}`);
    return id;
  }

  /** Sends a command and waits for its response. */
  async ask(said: string, within = PATIENCE_MS): Promise<Frame> {
    const id = this.command(said);
    return this.next(({ tokens }) => tokens[1] === 'response' && tokens[2] === id, within);
  }

  /** The first frame that fits, of those that came and those to come. */
  async next(fits: (frame: Frame) => boolean, within = PATIENCE_MS): Promise<Frame> {
    const giveUpAt = performance.now() + within;
    for (;;) {
      const found = this.frames.find(fits);
      if (found !== undefined) return found;
      if (performance.now() > giveUpAt)
        throw new Error(
          `not within ${within} ms; heard ${this.frames.map(({ tokens }) => tokens.join('|')).join('\n')}`,
        );
      await sleep(5);
    }
  }

  close(): void {
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    for (;;) {
      const hash = this.#unread.indexOf(35);
      if (hash < 0) return;
      const length = Number(this.#unread.toString('latin1', 0, hash));
      if (!Number.isInteger(length))
        throw new Error(`no frame: ${this.#unread.toString('latin1')}`);
      if (this.#unread.length < hash + 1 + length) return;
      const payload = this.#unread.toString('latin1', hash + 1, hash + 1 + length);
      this.#unread = this.#unread.subarray(hash + 1 + length);
      const lineEnd = payload.indexOf('\r\n');
      const frame = {
        tokens: (lineEnd < 0 ? payload : payload.slice(0, lineEnd)).split('|'),
        text: lineEnd < 0 ? '' : payload.slice(lineEnd + 2),
      };
      this.frames.push(frame);
      this.heard(frame);
    }
  }
}
