import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { Message } from '../sip/message/message.ts';

/** By it one node says to another for which phone a request is. It never leaves the gate. */
export const NODE_MARK = 'X-Drawbridge-Node';

/** How far the clocks of two nodes may be apart, and how long a request may be under way. */
const GOOD_FOR_MS = 120_000;
const MAC_BYTES = 16;
const FORM = /^flow=([A-Za-z0-9_-]{1,64});at=(\d{1,15});mac=([A-Za-z0-9_-]{22})$/;

/** What one request needs to be taken for one of another node, and nobody else can write. */
export interface NodeMarks {
  write(request: Message, token: string, now: number): string;
  /** The token of the phone that it is for; undefined when no node of ours wrote it, or not for this request. */
  read(request: Message, now: number): string | undefined;
}

export function createNodeMarks(key: Uint8Array): NodeMarks {
  const secret = createSecretKey(key);
  const mac = ({ callId, fromTag, cseq, requestUri }: Message, token: string, at: string): Buffer =>
    createHmac('sha256', secret)
      .update(['node mark', token, at, callId, fromTag, cseq, requestUri].join('\n'))
      .digest()
      .subarray(0, MAC_BYTES);

  return {
    write(request, token, now) {
      const at = String(Math.round(now));
      return `flow=${token};at=${at};mac=${mac(request, token, at).toString('base64url')}`;
    },

    read(request, now) {
      const [, token, at, given] = FORM.exec(request.header(NODE_MARK) ?? '') ?? [];
      if (token === undefined || at === undefined || given === undefined) return undefined;
      if (Math.abs(now - Number(at)) > GOOD_FOR_MS) return undefined;
      const bytes = Buffer.from(given, 'base64url');
      return timingSafeEqual(mac(request, token, at), bytes) ? token : undefined;
    },
  };
}
