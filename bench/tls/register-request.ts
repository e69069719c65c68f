import { userName } from '../users.ts';

/** The REGISTER of a phone on a TLS connection. */
export function registerRequest(user: number, address: string, port: number): string {
  const name = userName(user);
  const instance = `00000000-0000-1000-8001-${user.toString(16).padStart(12, '0')}`;
  return [
    'REGISTER sip:edge.example.com SIP/2.0',
    `Via: SIP/2.0/TLS ${address}:${port};branch=z9hG4bK-tls-${port}-${user};rport`,
    'Max-Forwards: 70',
    `From: <sip:${name}@edge.example.com>;tag=f${user}`,
    `To: <sip:${name}@edge.example.com>`,
    `Call-ID: t${user}-${port}@${address}`,
    'CSeq: 1 REGISTER',
    `Contact: <sip:${name}@${address}:${port};transport=tls>;+sip.instance="<urn:uuid:${instance}>";reg-id=1`,
    'Expires: 3600',
    'Supported: path, outbound, gruu',
    'User-Agent: Yealink SIP-T46S 66.85.0.5',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}
