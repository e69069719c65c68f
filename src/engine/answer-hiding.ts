import type { Hiding } from '../edge/signaling.ts';
import type { Message } from '../sip/message/message.ts';
import type { AnswerHiding } from '../sip/proxy/hiding.ts';
import { viaLines } from '../sip/proxy/via-lines.ts';
import type { Core } from './core.ts';
import { ownFor } from './sips.ts';
import type { Channel } from './transport/transports.ts';

/** What is done to the answers of a request that came over this channel. */
export function hidingInAnswersTo(
  core: Core,
  { vias, answer }: Hiding,
  request: Message,
  channel: Channel,
): AnswerHiding {
  return {
    edit: answer,
    own: ownFor(core.names.toward(channel), request.requestUri),
    vias: vias ? viaLines(request, channel.address, channel.port) : '',
  };
}
