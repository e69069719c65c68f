import { Header } from '../../sip/message/header-name.ts';
import { splitList } from '../../sip/message/list.ts';
import type { Message } from '../../sip/message/message.ts';
import { parseNameAddress } from '../../sip/message/name-address.ts';
import { readMessage } from '../../sip/message/read-message.ts';
import { isSoundResponse } from '../../sip/message/validate.ts';
import { respond } from '../../sip/proxy/respond.ts';
import type { AgentHost } from './agent-host.ts';
import { type AppMessage, appHeader, contentType, withoutLocalhost } from './app-headers.ts';
import type { ServedRequest } from './served-request.ts';
import { readSessionExpires } from './session-timer.ts';

/** What an answer takes from its request, and not from the program. */
const fromRequest: ReadonlySet<string> = new Set([
  'from',
  'to',
  'call-id',
  'cseq',
  'contact',
  'max-forwards',
]);

/** A program's answer, ready to be sent. */
export interface Answer {
  readonly status: number;
  readonly wire: string;
  readonly message: Message;
}

interface Said {
  readonly status: number;
  readonly reason: string;
  /** Of an answer that asks for a PRACK. */
  readonly rseq: number | undefined;
}

/** A program's answer as it goes out; undefined when what the program wrote would make it no message. */
export function writeAnswer(
  host: AgentHost,
  served: ServedRequest,
  app: AppMessage,
  { status, reason, rseq }: Said,
): Answer | undefined {
  const { request, channel, method } = served;
  const name = host.core.names.toward(channel);
  const headers: { name: string; value: string }[] = [];
  if (status > 100 && status < 300 && (served.opensDialog || method === 'REFER'))
    for (const value of request.list(Header.recordRoute))
      headers.push({ name: 'Record-Route', value });
  const contacts = app.headers.filter(({ lower }) => lower === 'contact');
  for (const { value } of contacts)
    headers.push({ name: 'Contact', value: withoutLocalhost(value, name.hostPort) });
  if (contacts.length === 0 && needsContact(method, status, rseq !== undefined))
    headers.push({ name: 'Contact', value: served.dialog?.contact ?? ownContact(host, served) });
  if (rseq !== undefined) {
    headers.push({ name: 'RSeq', value: String(rseq) });
    if (!lists(appHeader(app, 'require') ?? '', '100rel'))
      headers.push({ name: 'Require', value: '100rel' });
  }
  for (const { name: written, lower, value } of app.headers)
    if (!fromRequest.has(lower))
      headers.push({
        name: written,
        value: lower === 'p-asserted-identity' ? withoutLocalhost(value, name.hostPort) : value,
      });
  const session = sessionFor(served, app, status);
  if (session !== undefined) headers.push(...session);

  const { address, port } = channel;
  const { toTag } = served.transaction;
  const bare = respond(request, {
    status,
    toTag,
    address,
    port,
    headers,
    ...(reason !== '' && { reason }),
  });
  const head = bare.slice(0, bare.length - 'Content-Length: 0\r\n\r\n'.length);
  const type = contentType(app) ?? '';
  const wire = `${head}${type}Content-Length: ${app.body.length}\r\n\r\n${app.body}`;
  const message = readMessage(wire);
  if (message === undefined || !isSoundResponse(message)) return undefined;
  const contact = message.find(Header.contact) < 0 ? [] : message.list(Header.contact);
  return contact.every((one) => parseNameAddress(one) !== undefined)
    ? { status, wire, message }
    : undefined;
}

function needsContact(method: string, status: number, reliable: boolean): boolean {
  if (method === 'INVITE') return reliable || (status >= 200 && status < 300);
  return (method === 'SUBSCRIBE' || method === 'UPDATE') && status >= 200 && status < 300;
}

/** RFC 4028 §9: the program need not know of session timers for them to be agreed upon. */
function sessionFor(
  { request, method, dialog }: ServedRequest,
  app: AppMessage,
  status: number,
): { name: string; value: string }[] | undefined {
  if (status < 200 || status > 299 || (method !== 'INVITE' && method !== 'UPDATE'))
    return undefined;
  if (appHeader(app, 'session-expires') !== undefined) return undefined;
  const asked = readSessionExpires(request);
  if (asked === undefined) return undefined;
  const { session } = dialog ?? {};
  const refresher =
    asked.refresher ?? (session === undefined ? undefined : session.weRefresh ? 'uas' : 'uac');
  if (refresher === undefined) return undefined;
  const agreed = [{ name: 'Session-Expires', value: `${asked.seconds};refresher=${refresher}` }];
  if (refresher === 'uac' && appHeader(app, 'require') === undefined)
    agreed.push({ name: 'Require', value: 'timer' });
  return agreed;
}

/** Where we are reached by whoever the answer goes to. */
export function ownContact(host: AgentHost, { request, channel }: ServedRequest): string {
  const scheme = /^sips:/i.test(request.requestUri) ? 'sips' : 'sip';
  return `<${scheme}:${host.core.names.toward(channel).address}>`;
}

/** Is the option among those a header names? */
export const lists = (value: string, option: string): boolean =>
  splitList(value).some((one) => one.toLowerCase() === option);
