import type { Understood } from '../policy/written.ts';

/** What a call, a registration or a subscription cannot do without, or what the gate writes itself. */
const needed = (
  'Authentication-Info Authorization Call-ID Contact Content-Disposition Content-Encoding Content-Length ' +
  'Content-Type CSeq Event Expires From Max-Breadth Max-Forwards Min-Expires Min-SE Path Proxy-Authenticate ' +
  'Proxy-Authorization Proxy-Require RAck Record-Route Refer-To Replaces Require Retry-After Route RSeq ' +
  'Service-Route Session-Expires SIP-ETag SIP-If-Match Subscription-State Supported To Unsupported Via ' +
  'WWW-Authenticate'
).split(' ');

/** `Server`, or `X-Asterisk-*` for all that begin so; returned as written. */
export function readHeaderPattern(text: string): Understood<string> {
  const form = 'a header name such as Server, or how some begin such as X-Asterisk-*';
  const match = /^([\w.!%+`'~-]{2,64})(\*?)$/.exec(text);
  if (match === null) return { ok: false, expected: form };
  const [, name = '', star] = match;
  const lower = name.toLowerCase();
  const hit = needed.find((one) =>
    star === '' ? one.toLowerCase() === lower : one.toLowerCase().startsWith(lower),
  );
  return hit === undefined
    ? { ok: true, value: text }
    : { ok: false, expected: `${form}, but none that calls need, as they do ${hit}` };
}
