import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS } from './patience.ts';
import type { Place } from './sip-wire.ts';

/** What baresip tells about a registration or a call, e.g. `CALL_ESTABLISHED`. */
export interface BaresipEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** baresip's `ctrl_tcp`: JSON in netstrings, commands one way, answers and events the other. */
export class BaresipControl {
  readonly events: BaresipEvent[] = [];
  readonly #socket: Socket;
  readonly #answers = new Map<string, (answer: { ok: boolean; data: string }) => void>();
  readonly #news = new Set<() => void>();
  #rest = '';
  #commands = 0;
  /** Events before this one have been waited for. */
  #read = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.#rest += chunk.toString('latin1');
      this.#takeNetstrings();
    });
  }

  /** One command; resolves with what baresip prints, rejects when it says no. */
  async command(command: string, params?: string): Promise<string> {
    this.#commands += 1;
    const token = String(this.#commands);
    const message = JSON.stringify({ command, params, token });
    const answer = new Promise<{ ok: boolean; data: string }>((resolve) => {
      this.#answers.set(token, resolve);
    });
    this.#socket.write(`${Buffer.byteLength(message)}:${message},`);
    const { ok, data } = await answer;
    if (!ok) throw new Error(`baresip refused ${command} ${params ?? ''}: ${data}`);
    return data;
  }

  /** The next event of this type that no earlier call has returned or passed over. */
  async event(type: string, within = PATIENCE_MS): Promise<BaresipEvent> {
    const giveUpAt = performance.now() + within;
    for (;;) {
      const index = this.events.findIndex((event, at) => at >= this.#read && event.type === type);
      const found = this.events[index];
      if (found !== undefined) {
        this.#read = index + 1;
        return found;
      }
      const left = giveUpAt - performance.now();
      if (left <= 0)
        throw new Error(
          `no ${type} within ${within} ms; all events: ${this.events.map((event) => event.type).join(' ')}`,
        );
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#news.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, left);
        this.#news.add(wake);
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #takeNetstrings(): void {
    for (;;) {
      const colon = this.#rest.indexOf(':');
      const end = colon + 1 + Number(this.#rest.slice(0, colon));
      if (colon < 0 || this.#rest.length <= end) break;
      this.#take(JSON.parse(this.#rest.slice(colon + 1, end)));
      this.#rest = this.#rest.slice(end + 1);
    }
    for (const wake of this.#news) wake();
  }

  #take(message: Record<string, unknown>): void {
    if (message.event === true) {
      this.events.push({ ...message, type: String(message.type) });
      return;
    }
    const token = String(message.token);
    this.#answers.get(token)?.({ ok: message.ok === true, data: String(message.data ?? '') });
    this.#answers.delete(token);
  }
}

/** Connects as soon as baresip listens. */
export async function connectControl({ address, port }: Place): Promise<BaresipControl> {
  for (let attempt = 1; ; attempt += 1) {
    const socket = connect({ host: address, port });
    try {
      await once(socket, 'connect');
      return new BaresipControl(socket);
    } catch (problem) {
      if (attempt === 50) throw new Error('baresip opened no control port', { cause: problem });
      await sleep(100);
    }
  }
}
