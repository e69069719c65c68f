import type { ClientTransaction } from './client-transaction.ts';
import type { ServerTransaction } from './server-transaction.ts';
import type { Channel } from './transport/transports.ts';

type Transaction = ServerTransaction | ClientTransaction;

/** What is under way over each connection, to be told when it goes. */
export class OverConnections {
  readonly #under = new Map<Channel, Set<Transaction>>();

  add(channel: Channel, transaction: Transaction): void {
    if (!channel.reliable) return;
    const others = this.#under.get(channel);
    if (others === undefined) this.#under.set(channel, new Set([transaction]));
    else others.add(transaction);
  }

  remove(channel: Channel, transaction: Transaction): void {
    if (!channel.reliable) return;
    const others = this.#under.get(channel);
    others?.delete(transaction);
    if (others?.size === 0) this.#under.delete(channel);
  }

  /** All that was over one that is gone. */
  take(channel: Channel): Iterable<Transaction> {
    const lost = this.#under.get(channel) ?? [];
    this.#under.delete(channel);
    return lost;
  }

  /** Those that something is under way over. */
  connections(): Iterable<Channel> {
    return this.#under.keys();
  }

  clear(): void {
    this.#under.clear();
  }
}
