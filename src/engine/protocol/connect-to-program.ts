import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Desk, ProgramConnection } from './connection.ts';
import type { ProgramAddress } from './read-decision.ts';

/**
 * Connects to a program that waits for us (`srf.listen`), for one request. It authenticates to us, as if it
 * had come by itself; only then is it `found`. Called once, with nothing when it is not there in time; what is
 * returned ends the waiting.
 */
export function connectToProgram(
  desk: Desk,
  to: ProgramAddress,
  authorities: string | undefined,
  found: (program: ProgramConnection | undefined, why: string) => void,
): () => void {
  let over = false;
  const done = (program: ProgramConnection | undefined, why: string): void => {
    if (over) return;
    over = true;
    clearTimeout(patience);
    if (program === undefined) socket.destroy();
    found(program, why);
  };
  const patience = setTimeout(
    () => done(undefined, 'it does not connect and authenticate in time'),
    desk.limits.authenticateSeconds * 1000,
  );
  const { host, port } = to;
  const socket: Socket = to.tls
    ? connectTls({
        host,
        port,
        ...(isIP(host) === 0 ? { servername: host } : {}),
        // As with drachtio the program's certificate is believed unseen, unless somebody is named to sign it.
        rejectUnauthorized: authorities !== undefined,
        ...(authorities === undefined ? {} : { ca: authorities }),
      })
    : connect({ host, port });
  const failed = (problem: Error): void => done(undefined, problem.message);
  socket.on('error', failed);
  socket.once('close', () => done(undefined, 'it closed the connection'));
  socket.once(to.tls ? 'secureConnect' : 'connect', () => {
    if (over) return;
    new ProgramConnection({ ...desk, known: (connection) => done(connection, '') }, socket, true);
  });
  return () => done(undefined, 'it is no longer waited for');
}
