import { createHash, randomBytes } from 'node:crypto';
import { digestParameter } from '../../src/sip/message/digest.ts';
import type { Pbx } from './a-pbx.ts';
import type { Received } from './sip-party.ts';

export interface RegistrarOptions {
  /** By extension. */
  readonly passwords: Readonly<Record<string, string>>;
  /** What it says to a wrong password, and to an extension that it does not have; default: another challenge. */
  readonly wrong?: number;
  readonly unknown?: number;
  /** Each nonce is good for one request, and another challenge does not say that it was `stale`. */
  readonly noncesOnce?: boolean;
  /** What its refusals bring along, of extensions that exist. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** From now on the PBX registers who knows his password, and keeps the Contacts of each. */
export function isRegistrar(pbx: Pbx, options: RegistrarOptions): ReadonlyMap<string, Set<string>> {
  const contacts = new Map<string, Set<string>>();
  const nonces = new Set<string>();
  const refuse = (request: Received, status: number | undefined, known: boolean) => {
    const nonce = randomBytes(8).toString('hex');
    nonces.add(nonce);
    const headers = known ? options.headers : undefined;
    if (status !== undefined) return pbx.answer(request, status, { headers: { ...headers } });
    const challenge = `Digest realm="pbx", nonce="${nonce}"`;
    return pbx.answer(request, 401, { headers: { ...headers, 'WWW-Authenticate': challenge } });
  };
  pbx.always('REGISTER', (request) => {
    const user = /sip:([^@>]*)@/.exec(request.header('To') ?? '')?.[1] ?? '';
    const password = options.passwords[user];
    const credentials = request.header('Authorization');
    // of whom it does not have, too: like Asterisk it takes as long for either
    const right = credentials !== undefined && isRight(credentials, password ?? 'none', 'REGISTER');
    if (password === undefined) return void refuse(request, options.unknown, false);
    const nonce = digestParameter(credentials ?? '', 'nonce') ?? '';
    if (credentials === undefined || !nonces.has(nonce))
      return void refuse(request, undefined, true);
    if (options.noncesOnce === true) nonces.delete(nonce);
    if (!right) return void refuse(request, options.wrong, true);
    const kept = contacts.get(user) ?? new Set();
    contacts.set(user, kept);
    const expires = request.header('Expires') ?? '300';
    for (const contact of request.list('Contact')) {
      const uri = /<([^>]*)>/.exec(contact)?.[1] ?? contact;
      if ((/;expires=(\d+)/.exec(contact.slice(contact.indexOf('>')))?.[1] ?? expires) === '0')
        kept.delete(uri);
      else kept.add(uri);
    }
    const asked = request.list('Contact');
    const listed = [...kept].map((uri) => {
      const own = asked.find((contact) => contact.includes(`<${uri}>`)) ?? `<${uri}>`;
      return /;expires=/.test(own) ? own : `${own};expires=${expires}`;
    });
    pbx.answer(request, 200, { headers: { Contact: listed, Path: request.headers('Path') } });
  });
  return contacts;
}

/** From now on the PBX asks whoever calls for his password, and `called` is told of those who know it. */
export function asksCallers(
  pbx: Pbx,
  passwords: RegistrarOptions['passwords'],
  called: (invite: Received) => void,
): void {
  const nonces = new Set<string>();
  pbx.always('ACK', () => {});
  pbx.always('INVITE', (invite) => {
    const user = /sip:([^@>]*)@/.exec(invite.header('From') ?? '')?.[1] ?? '';
    const credentials = invite.header('Authorization') ?? '';
    const known = nonces.has(digestParameter(credentials, 'nonce') ?? '');
    if (known && isRight(credentials, passwords[user] ?? '', 'INVITE')) return called(invite);
    const nonce = randomBytes(8).toString('hex');
    nonces.add(nonce);
    const challenge = `Digest realm="pbx", nonce="${nonce}"`;
    pbx.answer(invite, 401, { headers: { 'WWW-Authenticate': challenge } });
    return undefined;
  });
}

function isRight(credentials: string, password: string, method: string): boolean {
  const [username = '', realm = '', nonce = '', uri = '', response] = [
    ...['username', 'realm', 'nonce', 'uri', 'response'],
  ].map((name) => digestParameter(credentials, name));
  const hash = (text: string) => createHash('md5').update(text).digest('hex');
  const ha1 = hash(`${username}:${realm}:${password}`);
  return response === hash(`${ha1}:${nonce}:${hash(`${method}:${uri}`)}`);
}
