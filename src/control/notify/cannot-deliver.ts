/** A message that did not arrive. */
export class CannotDeliver extends Error {
  /** Said of this message; the next may well be taken. */
  readonly refused: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, more: { refused?: boolean; retryAfterMs?: number } = {}) {
    super(message);
    this.refused = more.refused ?? false;
    this.retryAfterMs = more.retryAfterMs;
  }
}
