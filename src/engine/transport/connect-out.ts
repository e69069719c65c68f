import { connect, isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, connect as connectTls } from 'node:tls';
import type { Listener } from '../../edge/signaling.ts';
import { isWildcard } from './advertised-address.ts';
import type { Certificates } from './certificate/certificates.ts';
import { StreamConnection } from './stream-connection.ts';
import type { TransportContext } from './transport-context.ts';
import type { Destination } from './transports.ts';

/** Begins a TCP or TLS connection out of a listener's address; what is sent meanwhile waits. */
export function connectOut(
  context: TransportContext,
  certificates: Certificates | undefined,
  listener: Listener,
  to: Destination,
): StreamConnection {
  const { address, port, serverName, withinMs } = to;
  const peer = { listener, address, port, certificateNames: [], serverName };
  const where = {
    host: address,
    port,
    noDelay: true,
    ...(isWildcard(listener.address) ? {} : { localAddress: listener.address }),
  };
  if (certificates === undefined)
    return new StreamConnection(context, peer, connect(where), { event: 'connect', withinMs });
  const socket = connectTls({ ...where, ...verification(certificates, serverName) });
  return new StreamConnection(context, peer, socket, { event: 'secureConnect', withinMs });
}

/** Without authorities there is nobody to believe, so the peer is not verified; whoever calls this says so. */
function verification(
  certificates: Certificates,
  serverName: string | undefined,
): ConnectionOptions {
  const named = serverName !== undefined && isIP(serverName) === 0;
  return {
    secureContext: certificates.outbound,
    rejectUnauthorized: certificates.hasAuthorities,
    ...(named ? { servername: serverName } : {}),
    checkServerIdentity: (host, certificate) => {
      if (serverName === undefined) return undefined;
      // RFC 5922 §7.1: a SIP domain may stand in the certificate as a URI.
      const uris = (certificate.subjectaltname ?? '').split(', ');
      if (uris.includes(`URI:sip:${serverName}`)) return undefined;
      return checkServerIdentity(named ? serverName : host, certificate);
    },
  };
}
