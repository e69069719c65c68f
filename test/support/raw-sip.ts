import { ownPorts } from './own-address.ts';
import { tcpListenerWire, udpWire } from './sip-wire.ts';

/** The header lines of a message as they stand, folds and all, of any of these names (lower case, compact forms included). */
function headerLines(text: string, ...names: string[]): string[] {
  const [head = ''] = text.split('\r\n\r\n', 1);
  const lines = head.split(/\r\n(?![ \t])/).slice(1);
  return lines.filter((line) => names.includes((line.split(':', 1)[0] ?? '').trim().toLowerCase()));
}

/** An answer to whatever request this is, its headers mirrored as they stand. */
export function mirrored(request: string, status: number): string {
  const [to = 'To: <sip:nobody@invalid>'] = headerLines(request, 'to', 't');
  const lines = [
    `SIP/2.0 ${status} As Told`,
    ...headerLines(request, 'via', 'v'),
    ...headerLines(request, 'from', 'f'),
    /;\s*tag\s*=/i.test(to) ? to : `${to};tag=raw`,
    ...headerLines(request, 'call-id', 'i').slice(0, 1),
    ...headerLines(request, 'cseq').slice(0, 1),
    'Content-Length: 0',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** The ACK to a refused INVITE: the INVITE's own Via, URI and From, the answer's To (RFC 3261 §17.1.1.3). */
export function ackTo(invite: string, answer: string): string {
  const [, uri = 'sip:invalid'] = invite.split(' ', 2);
  const [cseq = 'CSeq: 1'] = headerLines(invite, 'cseq');
  const lines = [
    `ACK ${uri} SIP/2.0`,
    ...headerLines(invite, 'via', 'v').slice(0, 1),
    ...headerLines(invite, 'from', 'f').slice(0, 1),
    ...headerLines(answer, 'to', 't').slice(0, 1),
    ...headerLines(invite, 'call-id', 'i').slice(0, 1),
    cseq.replace(/\S+\s*$/, 'ACK'),
    'Max-Forwards: 70',
    'Content-Length: 0',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** The status of an answer; undefined when it is not one. */
export const statusOf = (text: string): number | undefined => {
  const digits = /^SIP\/2\.0 (\d{3}) /.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
};

export interface RawPbx {
  readonly uri: string;
  /** Everything it was sent, but for the gate's own health checks. */
  readonly heard: readonly string[];
  close(): Promise<void>;
}

/** A PBX that takes anything, understands nothing, and refuses every call: 486 to INVITE, 200 to all else. */
export async function aRawPbx(address: string, port: number = ownPorts.sip): Promise<RawPbx> {
  const heard: string[] = [];
  const answerTo = (text: string): string | undefined => {
    if (text === '' || statusOf(text) !== undefined) {
      if (text !== '') heard.push(text);
      return undefined;
    }
    if (!/^OPTIONS sip:[^@ ]+ /.test(text)) heard.push(text);
    if (text.startsWith('ACK ')) return undefined;
    return mirrored(text, text.startsWith('INVITE ') ? 486 : 200);
  };
  const at = { address, port };
  const udp = await udpWire(at, (text, from) => {
    const answer = answerTo(text);
    if (answer !== undefined) udp.send(answer, from);
  });
  const tcp = await tcpListenerWire(at, (text, from) => {
    const answer = answerTo(text);
    if (answer !== undefined) tcp.send(answer, from);
  });
  return {
    uri: `sip:${address}:${port}`,
    heard,
    close: async () => {
      await Promise.all([udp.close(), tcp.close()]);
    },
  };
}
