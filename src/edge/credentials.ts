import { digestParameters } from '../sip/message/digest.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import type { Edge } from './edge.ts';
import { sourceOf } from './packed-address.ts';
import type { Incoming } from './signaling.ts';

const headers = [Header.authorization, Header.proxyAuthorization] as const;

/** Every value of a parameter in the digest credentials of a request. The PBX may go by any of them. */
export function credentialValues(request: Message, name: string): readonly string[] {
  const values: string[] = [];
  for (const header of headers)
    for (let line = request.find(header); line >= 0; line = request.find(header, line + 1))
      values.push(...digestParameters(request.valueOf(line), name));
  return values;
}

/** Credentials of any kind. */
export const hasCredentials = (request: Message): boolean =>
  request.find(Header.authorization) >= 0 || request.find(Header.proxyAuthorization) >= 0;

/** Does every digest of it answer a challenge that went to its own source? */
export function answersOurChallenge(
  { guesses }: Pick<Edge, 'guesses'>,
  { request, flow }: Incoming,
  now: number,
): boolean {
  const nonces = credentialValues(request, 'nonce');
  const source = sourceOf(flow.address);
  return (
    nonces.length > 0 && nonces.every((nonce) => guesses.challenges.wentTo(nonce, source, now))
  );
}
