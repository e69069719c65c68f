import { Header } from '../../src/sip/message/header-name.ts';
import type { Message } from '../../src/sip/message/message.ts';
import { headerParameter, parseNameAddress } from '../../src/sip/message/name-address.ts';
import { readMessage } from '../../src/sip/message/read-message.ts';
import { Rewrite } from '../../src/sip/message/rewrite.ts';
import { parseUri } from '../../src/sip/message/uri.ts';
import { isSoundResponse, refusalOf } from '../../src/sip/message/validate.ts';

/** Reads, judges and passes on what came off the wire; returns what would go out, if anything. */
export function readAsTheGate(wire: string): string | undefined {
  const message = readMessage(wire);
  if (message === undefined) return undefined;
  void [message.callId, message.fromTag, message.toTag, message.via, message.cseq, message.uri];
  for (const id of [Header.route, Header.contact])
    for (const element of message.list(id)) {
      const address = parseNameAddress(element);
      parseUri(address?.uri ?? '');
      headerParameter(address?.parameters ?? '', 'expires');
    }
  const passes = message.isRequest ? refusalOf(message) === undefined : isSoundResponse(message);
  return passes ? passOn(message) : undefined;
}

function passOn(message: Message): string {
  const rewrite = new Rewrite(message);
  const via = message.find(Header.via);
  if (message.isRequest) {
    rewrite.insert(message.lineStart(via), 'Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKgate\r\n');
    rewrite.setHeader('Max-Forwards', '69');
    rewrite.setHeader('X-Gate', 'yes');
  } else rewrite.removeLine(via);
  return rewrite.result();
}
