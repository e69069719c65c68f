import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { ListenerSettings } from '../../config/settings.ts';
import type { Listener } from '../../edge/signaling.ts';
import { certificateNames } from './certificate/certificate-names.ts';
import type { Certificates } from './certificate/certificates.ts';
import type { Peer } from './connection.ts';
import { Handshake } from './handshake.ts';
import type { Greeting } from './stream-listener.ts';
import type { TransportContext } from './transport-context.ts';

/** What is done with a connection whose TLS handshake is complete. */
export type Secured = (socket: TLSSocket, peer: Peer, handshake: Handshake) => void;

interface Guest {
  readonly socket: Socket;
  readonly listener: Listener;
  readonly handshake: Handshake;
}

/**
 * The TLS handshake on connections let in by a listener. One TLS server per listener, never shared: a
 * session made where no client certificate is asked for must not be resumed where one is required.
 */
export class TlsGreeting implements Greeting {
  readonly #context: TransportContext;
  readonly #server: Server;
  readonly #secured: Secured;
  readonly #guests = new Map<string, Guest>();

  constructor(
    context: TransportContext,
    certificates: Certificates,
    clientCertificate: ListenerSettings['clientCertificate'],
    secured: Secured,
  ) {
    this.#context = context;
    this.#secured = secured;
    const options = () => ({
      ...certificates.options,
      sessionIdContext: `drawbridge ${clientCertificate}`,
    });
    this.#server = createServer({
      ...options(),
      requestCert: clientCertificate !== 'none',
      rejectUnauthorized: clientCertificate === 'require',
      SNICallback: (host, found) => found(null, certificates.forName(host)),
    });
    this.#server.on('secureConnection', (socket) => this.#greeted(socket));
    this.#server.on('tlsClientError', (_problem, socket) => socket.destroy());
    certificates.onSwap(() => this.#server.setSecureContext(options()));
  }

  greet(socket: Socket, listener: Listener): void {
    const key = pathOf(socket);
    this.#guests.set(key, { socket, listener, handshake: new Handshake(this.#context, socket) });
    socket.once('close', () => {
      if (this.#guests.get(key)?.socket === socket) this.#guests.delete(key);
    });
    this.#server.emit('connection', socket);
  }

  close(): void {
    this.#server.removeAllListeners();
  }

  #greeted(socket: TLSSocket): void {
    socket.on('error', ignore);
    const guest = this.#guests.get(pathOf(socket));
    const { remoteAddress: address, remotePort: port } = socket;
    if (guest === undefined || address === undefined || port === undefined) {
      socket.destroy();
      return;
    }
    this.#guests.delete(pathOf(socket));
    const peer = { listener: guest.listener, address, port, certificateNames: namesOf(socket) };
    this.#secured(socket, peer, guest.handshake);
  }
}

const NONE: readonly string[] = [];

/** Names count only when the certificate was verified: anybody can write any name into one of their own. */
function namesOf(socket: TLSSocket): readonly string[] {
  if (!socket.authorized) return NONE;
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? NONE : certificateNames(certificate);
}

/** Both ends of a connection: no two that are open at once have the same. */
function pathOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress}`;
}

/** Whoever reads the socket sees its end; the event only must not go unheard. */
function ignore(): void {}
