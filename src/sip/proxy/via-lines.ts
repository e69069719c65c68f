import { Header } from '../message/header-name.ts';
import type { Message } from '../message/message.ts';
import { stampVia } from './stamp-via.ts';

/** The Via lines of a request as its answer must have them: the top one says where the request really came from. */
export function viaLines(request: Message, address: string, port: number): string {
  const { wire, via } = request;
  let out = '';
  for (
    let line = request.find(Header.via), top = true;
    line >= 0;
    line = request.find(Header.via, line + 1)
  ) {
    if (top && via !== undefined)
      out += `Via: ${stampVia(wire, via, address, port)}${wire.slice(via.end, request.lineEnd(line))}\r\n`;
    else out += `${wire.slice(request.lineStart(line), request.lineEnd(line))}\r\n`;
    top = false;
  }
  return out;
}
