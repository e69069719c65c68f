/**
 * What two gates on one machine say to each other while one takes the place of the other. `message`, `closed`,
 * `registered` and `last` come from the older one, `send` and `close` from the newer.
 */
export type FrameKind = 'message' | 'closed' | 'registered' | 'last' | 'send' | 'close';

export interface Frame {
  readonly kind: FrameKind;
  /** Names the flow it is about; empty when it is about none. */
  readonly token: string;
  readonly content: Buffer;
}

const KINDS: readonly FrameKind[] = ['message', 'closed', 'registered', 'last', 'send', 'close'];
/** Length of what follows, kind, length of the token. */
const HEAD = 6;
const NOTHING = Buffer.alloc(0);

export function writeFrame(kind: FrameKind, token = '', content: Buffer = NOTHING): Buffer {
  const frame = Buffer.allocUnsafe(HEAD + token.length + content.length);
  frame.writeUInt32BE(frame.length - 4);
  frame[4] = KINDS.indexOf(kind);
  frame[5] = token.length;
  frame.write(token, HEAD, 'latin1');
  content.copy(frame, HEAD + token.length);
  return frame;
}

/** Puts frames together from what arrives. Both ends are ours: nothing is checked. */
export function frameReader(heard: (frame: Frame) => void): (chunk: Buffer) => void {
  let held: Buffer = NOTHING;
  return (chunk) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    while (held.length >= HEAD) {
      const end = 4 + held.readUInt32BE();
      if (held.length < end) return;
      const body = HEAD + (held[5] ?? 0);
      const kind = KINDS[held[4] ?? 0] ?? 'message';
      const frame = {
        kind,
        token: held.toString('latin1', HEAD, body),
        content: held.subarray(body, end),
      };
      held = held.subarray(end);
      heard(frame);
    }
  };
}

/** Certificates' names go before what came by a connection: most have none. */
export const withNames = (names: readonly string[], wire: string): Buffer =>
  Buffer.from(`${names.join('\n')}\0${wire}`, 'latin1');

export function apart(content: Buffer): {
  readonly names: readonly string[];
  readonly wire: Buffer;
} {
  const end = content.indexOf(0);
  const names = content.toString('latin1', 0, end);
  return { names: names === '' ? [] : names.split('\n'), wire: content.subarray(end + 1) };
}
