import { nameIn } from '../../edge/user-part.ts';
import type { Message } from '../../sip/message/message.ts';

/**
 * Whom a request is for, as an operator would write it: a user without escapes and parameters, a host in lower case.
 * `%31%31%32` and `112;phone-context=x` are 112: what a rule says of a number must not be gone around.
 */
export function requestTarget(request: Message): { readonly user: string; readonly host: string } {
  const { uri, requestUri } = request;
  if (uri !== undefined) return { user: nameIn(uri.user), host: uri.host };
  const [, number = ''] = /^tel:([^;?]*)/i.exec(requestUri) ?? [];
  return { user: nameIn(number), host: '' };
}
