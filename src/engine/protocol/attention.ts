/** The settings that say when a program has lost its turn. */
export interface AttentionSettings {
  /** So many requests without a word about any of them. */
  readonly unanswered: number;
  /** And so long since the first of them. */
  readonly answerSeconds: number;
}

/**
 * Does a program attend to what it is given? A program can hang with its connection in perfect order: then
 * nothing it is given is ever answered, and every second call is lost in it. So what it says is watched. Any
 * word about a request, an answer, a provisional one, a proxy command, even one that comes too late, shows
 * that it works; pings do not, a timer sends them. With `unanswered` requests given since its last word, the
 * first of them `answerSeconds` ago, it has lost its turn: new requests go to others, or are refused, but for
 * one every `answerSeconds`, by which a program that has recovered can show it. Its next word ends that.
 */
export class Attention {
  readonly #settings: AttentionSettings;
  #unanswered = 0;
  #since = 0;
  #lastGiven = 0;

  constructor(settings: AttentionSettings) {
    this.#settings = settings;
  }

  given(now: number): void {
    if (this.#unanswered === 0) this.#since = now;
    this.#unanswered++;
    this.#lastGiven = now;
  }

  /** It said something about a request. */
  heard(): void {
    this.#unanswered = 0;
  }

  lost(now: number): boolean {
    const { unanswered, answerSeconds } = this.#settings;
    return this.#unanswered >= unanswered && now - this.#since >= answerSeconds * 1000;
  }

  /** Lost or not: is it time to give it one to see? */
  mayTry(now: number): boolean {
    return now - this.#lastGiven >= this.#settings.answerSeconds * 1000;
  }
}
