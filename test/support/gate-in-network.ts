import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { vi } from 'vitest';
import { askGate } from '../../src/control/ask.ts';
import type { ControlRequest } from '../../src/control/control-messages.ts';
import { dataDirectoryAt } from '../../src/control/data-directory.ts';
import type { KernelStatus } from '../../src/control/kernel/kernel-status.ts';
import type { FoundBlocks } from '../../src/data/messages.ts';
import type { FoundBlock } from '../../src/limits/block-entry.ts';
import { aPbx, type Pbx } from './a-pbx.ts';
import { aPhone, type Phone } from './a-phone.ts';
import { flood } from './flood.ts';
import { type Gate, type GateOptions, startGate } from './gate-process.ts';
import { aNetworkNamespace, type NetworkNamespace } from './network-namespace.ts';
import { ownPorts } from './own-address.ts';
import type { Place } from './sip-wire.ts';

/** A gate in a network of its own, whose kernel is nobody else's, its PBX outside, and what a test asks of them. */
export class GateInNetwork {
  readonly network: NetworkNamespace;
  readonly pbx: Pbx;
  readonly gate: Gate;
  readonly phones: Phone[] = [];
  #taken = 0;

  constructor(network: NetworkNamespace, pbx: Pbx, gate: Gate) {
    this.network = network;
    this.pbx = pbx;
    this.gate = gate;
  }

  /** An address outside that no other test of this gate has had. */
  someone(): string {
    return this.network.outside(++this.#taken);
  }

  async kernel(): Promise<KernelStatus> {
    return (await this.gate.told()).kernel;
  }

  async refusesAt(): Promise<string> {
    return (await this.kernel()).hook;
  }

  /** How many packets the kernel has dropped for that rule. */
  async dropped(by: keyof KernelStatus['dropped']): Promise<number> {
    return (await this.kernel()).dropped[by];
  }

  tables(): string {
    return this.network.run('nft', 'list', 'tables');
  }

  inKernel(set: string): string {
    const name = /drawbridge_[0-9a-f]{6}/.exec(this.tables())?.[0] ?? 'none';
    return this.network.run('nft', 'list', 'set', 'inet', name, set);
  }

  #ask<T>(asked: ControlRequest): Promise<T> {
    return askGate(dataDirectoryAt(this.gate.data).socket, asked);
  }

  async block(network: string, seconds: number | null = null): Promise<void> {
    await this.#ask({ command: 'block', network, seconds, why: 'a test' });
  }

  async unblock(network: string): Promise<void> {
    await this.#ask({ command: 'unblock', network });
  }

  async blocks(search: string): Promise<readonly FoundBlock[]> {
    return (await this.#ask<FoundBlocks>({ command: 'blocks', search, rows: 20 })).rows;
  }

  /** How many packets of a blocked source the process itself threw away. */
  async refusedBySocket(): Promise<number> {
    const lines = (await this.gate.metrics()).split('\n');
    const counts = lines
      .filter((line) => /^drawbridge_decisions_total\{.*rule="blocked-sources"/.test(line))
      .map((line) => Number(line.split(' ').at(-1)));
    return counts.reduce((sum, one) => sum + one, 0);
  }

  /** Sends so many requests, without waiting for answers, and says how many came. */
  async flood(from: string, count: number): Promise<number> {
    const { length } = await flood(this.#toward(from), from, count);
    return length;
  }

  /** Where it is reached from an address of that family. */
  #toward(from: string): Place {
    const { gate, network } = this;
    return from.includes(':') ? { ...gate.udp, address: network.address6 } : gate.udp;
  }

  /** Does a phone there get what it asks for? */
  async isServed(address: string): Promise<boolean> {
    const user = String(1000 + this.phones.length);
    const phone = await aPhone({ user, address, to: this.#toward(address) });
    this.phones.push(phone);
    return Promise.race([phone.register().then(() => true), sleep(1500).then(() => false)]);
  }

  /** What the page for metrics says to whoever asks from there. */
  statusOverHttp(from: string): Promise<number> {
    const [host, port] = this.gate.http.split(':');
    return new Promise((resolve, reject) => {
      const asked = request({ host, port, path: '/healthz', localAddress: from, timeout: 2000 });
      asked.on('response', ({ statusCode = 0 }) => resolve(statusCode));
      asked.on('timeout', () => asked.destroy(new Error('silence')));
      asked.on('error', reject);
      asked.end();
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.phones.splice(0).map((phone) => phone.close()));
    await this.gate.close();
    await this.pbx.close();
    this.network.close();
  }
}

type Choices = Partial<Omit<GateOptions, 'through'>> & {
  /** Words of programs that run it in its network. */
  readonly through?: readonly string[];
};

/** One that serves when this resolves; in a network that is given, or one of its own. */
export async function aGateInNetwork(
  { settings = {}, through = [], ...options }: Choices = {},
  network = aNetworkNamespace(),
): Promise<GateInNetwork> {
  const pbx = await aPbx({ address: network.outside(0) });
  pbx.registersAll();
  try {
    const gate = await startGate({
      ...{ pbx: pbx.uri, rules: 'shipped', address: network.address },
      settings: { 'kernel.mode': 'auto', ...settings },
      flags: ['--listen', `udp:[${network.address6}]:${ownPorts.sip}`],
      through: [...network.through, ...through],
      ...options,
    });
    return new GateInNetwork(network, pbx, gate);
  } catch (problem) {
    await pbx.close();
    network.close();
    throw problem;
  }
}

/** One whose kernel refuses for it already. */
export async function aGateThatRefuses(
  choices: Choices = {},
  network = aNetworkNamespace(),
): Promise<GateInNetwork> {
  const made = await aGateInNetwork(choices, network);
  await vi.waitFor(
    async () => {
      if ((await made.refusesAt()) === 'none') throw new Error('The kernel does not refuse yet.');
    },
    { timeout: 10_000, interval: 100 },
  );
  return made;
}
