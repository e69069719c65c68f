import { Header } from '../message/header-name.ts';
import type { Message } from '../message/message.ts';
import { ensureContentLength, type HeaderChange, Rewrite } from '../message/rewrite.ts';
import type { AnswerHiding } from './hiding.ts';

/**
 * The response as it goes back: without the top Via, which was ours (RFC 3261 §16.7 step 3). One that refuses
 * opens no dialog, so whoever asked has no use for the route that some callees copy into it, nor any claim to it.
 */
export function forwardResponse(
  response: Message,
  headers: readonly HeaderChange[] | undefined,
  stream: boolean,
  hiding?: AnswerHiding,
): string {
  const rewrite = new Rewrite(response);
  const line = response.find(Header.via);
  const via = response.via;
  if (hiding !== undefined && hiding.vias !== '') {
    rewrite.insert(response.lineStart(line), hiding.vias);
    rewrite.removeAll(Header.via);
  } else if (via === undefined || via.end >= response.lineEnd(line)) rewrite.removeLine(line);
  else rewrite.replace(response.valueStart(line), via.end + 1, '');
  if (response.status >= 300) rewrite.removeAll(Header.recordRoute);
  if (headers !== undefined) for (const { name, value } of headers) rewrite.setHeader(name, value);
  hiding?.edit(response, rewrite, hiding.own);
  if (stream) ensureContentLength(response, rewrite);
  return rewrite.result();
}
