import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const MOST_SOURCES = 1024;
const FORGET_AFTER_MS = 60_000;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5000;

interface Failures {
  count: number;
  at: number;
}

/** Knows the secret, and makes whoever guesses at it wait ever longer. */
export class SecretCheck {
  readonly #key = randomBytes(32);
  #digest: Buffer;
  readonly #failures = new Map<string, Failures>();

  constructor(secret: string) {
    this.#digest = this.#digestOf(Buffer.from(secret));
  }

  change(secret: string): void {
    this.#digest = this.#digestOf(Buffer.from(secret));
  }

  /** `given` has one character per byte. How long the comparison takes says nothing of how much was right. */
  matches(given: string): boolean {
    return timingSafeEqual(this.#digest, this.#digestOf(Buffer.from(given, 'latin1')));
  }

  /** One more wrong secret from there: how long its answer is to be held back. */
  failed(address: string, now: number): number {
    const before = this.#failures.get(address);
    const fresh = before === undefined || now - before.at > FORGET_AFTER_MS;
    const failures = fresh ? { count: 0, at: now } : before;
    failures.count++;
    failures.at = now;
    this.#failures.delete(address);
    this.#failures.set(address, failures);
    if (this.#failures.size > MOST_SOURCES) {
      const [oldest] = this.#failures.keys();
      if (oldest !== undefined) this.#failures.delete(oldest);
    }
    return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures.count - 1));
  }

  #digestOf(secret: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(secret).digest();
  }
}
