/** What can be wrong with a list. A closed set: it is a label of a metric. */
export const listFailures = [
  'file',
  'unreachable',
  'timeout',
  'status',
  'key',
  'redirect',
  'too-large',
  'truncated',
  'content',
] as const;
export type ListFailure = (typeof listFailures)[number];

/** A list could not be read. The message is for the operator, and holds no key. */
export class CannotRead extends Error {
  readonly kind: ListFailure;
  /** What the other side asks for. */
  readonly retryAfterMs: number | undefined;

  constructor(kind: ListFailure, message: string, retryAfterMs?: number) {
    super(message);
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}
