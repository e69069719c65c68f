import { connect } from 'node:net';
import { reasonOf } from '../config/reason-of.ts';
import type { ControlReply, ControlRequest } from './control-messages.ts';
import { whyNoSocketAt } from './socket-path.ts';

/** The running gate could not be asked, or said no; the message is for the operator. */
export class CannotAsk extends Error {}

/** No gate runs on that socket. */
export class NoGate extends CannotAsk {}

/** Asks the gate that runs on this socket one thing. */
export async function askGate<T>(
  path: string,
  request: ControlRequest,
  timeoutMs = 10_000,
): Promise<T> {
  const none = whyNoSocketAt(path);
  if (none !== undefined) throw new CannotAsk(`No gate can be asked there. ${none}`);
  const text = await exchange(path, request, timeoutMs);
  let reply: ControlReply<T>;
  try {
    reply = JSON.parse(text);
  } catch (error) {
    throw new CannotAsk('The gate closed the connection without an answer.', { cause: error });
  }
  if (!reply.ok) throw new CannotAsk(reply.error);
  return reply.result;
}

/** They change something: a gate that is too busy to answer in time does it all the same. */
const changing: ReadonlySet<ControlRequest['command']> = new Set([
  'hangup',
  'block',
  'unblock',
  'guard',
  'unguard',
  'hand-over',
  'refresh-lists',
  'test-contact',
  'reload',
]);

function exchange(path: string, request: ControlRequest, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const chunks: string[] = [];
    socket.setEncoding('utf8');
    socket.setTimeout(timeoutMs, () => {
      socket.destroy();
      const yet = changing.has(request.command) ? ' It may yet do what it was asked.' : '';
      reject(
        new CannotAsk(`The gate did not answer within ${timeoutMs / 1000} s on ${path}.${yet}`),
      );
    });
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (chunk) => {
      chunks.push(String(chunk));
      if (String(chunk).endsWith('\n')) socket.end();
    });
    socket.on('error', (error) => reject(whyNot(error, path)));
    socket.on('close', () => resolve(chunks.join('')));
  });
}

function whyNot(error: Error, path: string): CannotAsk {
  const code = 'code' in error ? error.code : undefined;
  const cause = { cause: error };
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new NoGate(
      `No gate runs with this data directory (no ${path}). Is --data right?`,
      cause,
    );
  if (code === 'ECONNREFUSED')
    return new NoGate(`The gate is not running; it left ${path} behind when it ended.`, cause);
  if (code === 'EACCES' || code === 'EPERM')
    return new CannotAsk(
      `Permission denied on ${path}. Run this as the user the gate runs as, or as root.`,
      cause,
    );
  return new CannotAsk(`The gate cannot be asked on ${path}: ${reasonOf(error)}.`, cause);
}
