import type { Outcome, OwnRequest } from '../edge/signaling.ts';
import type { Message } from '../sip/message/message.ts';
import { oneLine } from '../sip/message/rewrite.ts';
import type { Core } from './core.ts';
import { newBranch, randomToken } from './random-token.ts';
import type { Channel } from './transport/transports.ts';

/** Sends a request of the gate's own, outside any dialog; the way after the first is tried when one fails. */
export function sendOwn(core: Core, request: OwnRequest, done: (outcome: Outcome) => void): void {
  core.waysTo(request.target, (ways) => tryWay(core, request, ways, 0, done));
}

function tryWay(
  core: Core,
  request: OwnRequest,
  ways: readonly Channel[],
  at: number,
  done: (outcome: Outcome) => void,
): void {
  const channel = ways[at];
  if (channel === undefined) {
    done({ kind: 'failed', failure: 'unreachable' });
    return;
  }
  const branch = newBranch();
  core.transmit(
    {
      answered(response: Message) {
        if (response.status >= 200) done({ kind: 'answered', response });
      },
      failed(failure) {
        if (failure === 'unreachable' && at + 1 < ways.length)
          tryWay(core, request, ways, at + 1, done);
        else done({ kind: 'failed', failure });
      },
    },
    channel,
    {
      key: branch,
      method: request.method,
      wire: write(request, core.names.toward(channel).via + branch),
      ...(request.timeoutMs !== undefined && { giveUpMs: request.timeoutMs }),
    },
  );
}

function write(request: OwnRequest, via: string): string {
  let extra = '';
  for (const { name, value } of request.headers ?? [])
    if (value !== undefined) extra += `${name}: ${oneLine(value)}\r\n`;
  return (
    `${request.method} ${oneLine(request.requestUri)} SIP/2.0\r\nVia: ${via}\r\nMax-Forwards: 70\r\n` +
    `From: ${oneLine(request.from)};tag=${randomToken()}\r\nTo: ${oneLine(request.to)}\r\n` +
    `Call-ID: ${randomToken()}\r\nCSeq: 1 ${request.method}\r\n${extra}Content-Length: 0\r\n\r\n`
  );
}
