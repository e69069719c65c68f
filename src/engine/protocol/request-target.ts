import type { Message } from '../../sip/message/message.ts';

/** Whom a request is for, as an operator would write it: a user without escapes and parameters, a host in lower case. */
export function requestTarget(request: Message): { readonly user: string; readonly host: string } {
  const { uri, requestUri } = request;
  if (uri !== undefined) return { user: plain(uri.user), host: uri.host };
  const [, number = ''] = /^tel:([^;?]*)/i.exec(requestUri) ?? [];
  return { user: plain(number), host: '' };
}

/** `%31%31%32` and `112;phone-context=x` are 112: what a rule says of a number must not be gone around. */
const plain = (user: string): string => unescaped(user.split(';', 1)[0] ?? '');

const unescaped = (text: string): string =>
  text.includes('%')
    ? text.replace(/%([0-9a-f]{2})/gi, (_whole, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      )
    : text;
