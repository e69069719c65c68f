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
 *
 * A request whose caller gave up before that time never counted: a program need say nothing to one that is
 * cancelled, and a stranger who calls and cancels could have it lose its turn.
 */
export class Attention {
  readonly #settings: AttentionSettings;
  /** What it was given since its last word, the oldest first. */
  readonly #unanswered = new Set<{ readonly at: number }>();
  #lastGiven = 0;

  constructor(settings: AttentionSettings) {
    this.#settings = settings;
  }

  /** Hands out what is to be called when the caller gives up. */
  given(at: number): (now: number) => void {
    const request = { at };
    if (!this.lost(at)) this.#unanswered.add(request);
    this.#lastGiven = at;
    return (now) => {
      if (now - at >= this.#settings.answerSeconds * 1000) return;
      this.#unanswered.delete(request);
      if (this.#lastGiven === at) this.#lastGiven = Number.NEGATIVE_INFINITY; // it showed nothing
    };
  }

  /** It said something about a request. */
  heard(): void {
    this.#unanswered.clear();
  }

  lost(now: number): boolean {
    const { unanswered, answerSeconds } = this.#settings;
    if (this.#unanswered.size < unanswered) return false;
    const [first] = this.#unanswered;
    return first !== undefined && now - first.at >= answerSeconds * 1000;
  }

  /** Lost or not: is it time to give it one to see? */
  mayTry(now: number): boolean {
    return now - this.#lastGiven >= this.#settings.answerSeconds * 1000;
  }
}
