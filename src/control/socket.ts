import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { z } from 'zod';
import { explainIssue } from '../config/explain-issue.ts';
import { showFound } from '../config/problem.ts';
import { reasonOf } from '../config/reason-of.ts';
import { LONGEST_GUARDED } from '../limits/guards.ts';
import { questionSchema } from '../policy/asking/question.ts';
import { source } from '../policy/forms.ts';
import {
  type ControlReply,
  type ControlRequest,
  LONGEST_WHY,
  MOST_SECONDS,
} from './control-messages.ts';
import { CannotStart } from './data-directory.ts';
import { whyNoSocketAt } from './socket-path.ts';

export interface ControlSocket {
  close(): Promise<void>;
}

const extension = z.string().min(1).max(LONGEST_GUARDED);
const request: z.ZodType<ControlRequest> = z.discriminatedUnion('command', [
  z.strictObject({ command: z.literal('status'), rows: z.int().min(0) }),
  z.strictObject({
    command: z.literal('reload'),
    force: z.boolean(),
    operators: z.array(z.union([z.ipv4(), z.ipv6()])).max(8),
  }),
  z.strictObject({ command: z.literal('started-with') }),
  z.strictObject({ command: z.literal('explain'), question: questionSchema }),
  z.strictObject({
    command: z.literal('blocks'),
    search: z.string().max(200),
    rows: z.int().min(0),
  }),
  z.strictObject({
    command: z.literal('block'),
    network: source,
    seconds: z.int().min(1).max(MOST_SECONDS).nullable(),
    why: z.string().max(LONGEST_WHY),
  }),
  z.strictObject({ command: z.literal('guards'), rows: z.int().min(0) }),
  z.strictObject({
    command: z.literal('guard'),
    extension,
    seconds: z.int().min(1).max(MOST_SECONDS).nullable(),
    why: z.string().max(LONGEST_WHY),
  }),
  z.strictObject({ command: z.literal('unguard'), extension }),
  z.strictObject({ command: z.literal('lists') }),
  z.strictObject({
    command: z.literal('hand-over'),
    program: z.array(z.string().startsWith('/').max(4096)).length(2),
  }),
  z.strictObject({
    command: z.literal('refresh-lists'),
    name: z.string().min(1).max(64).exactOptional(),
  }),
  z.strictObject({ command: z.literal('contacts') }),
  z.strictObject({ command: z.literal('test-contact'), name: z.string().min(1).max(64) }),
  z.strictObject({ command: z.literal('unblock'), network: source }),
  z.strictObject({ command: z.literal('hangup'), call: z.string().min(1).exactOptional() }),
]);

const longestRequest = 64 * 1024;

/**
 * Listens on a Unix socket that only the gate's own user may open. Whoever calls holds the directory's
 * lock, so a socket that is already there is one that a killed process left behind.
 */
export async function openControlSocket(
  path: string,
  answer: (request: ControlRequest) => Promise<unknown>,
): Promise<ControlSocket> {
  const tooLong = whyNoSocketAt(path);
  if (tooLong !== undefined) throw new CannotStart(tooLong);
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    converse(socket, answer);
  });
  server.maxConnections = 16;
  rmSync(path, { force: true });

  // The socket takes its permissions from the umask while it is bound, which happens within `listen`.
  const umask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
      process.umask(umask);
    });
  } finally {
    process.umask(umask);
  }
  server.on('error', turnedAway);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of connections) socket.destroy();
      }),
  };
}

/** The system could not let somebody in; the next one is another matter. */
function turnedAway(): void {}

function converse(socket: Socket, answer: (request: ControlRequest) => Promise<unknown>): void {
  let text = '';
  const say = (reply: ControlReply): void => {
    if (socket.writable) socket.write(`${JSON.stringify(reply)}\n`);
  };
  socket.setEncoding('utf8');
  socket.setTimeout(60_000, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    text += chunk;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    if (text.length > longestRequest) {
      say({ ok: false, error: 'The request is too long.' });
      socket.end();
      return;
    }
    for (const line of lines) {
      reply(line, answer).then(say, (error: unknown) => say({ ok: false, error: reasonOf(error) }));
    }
  });
}

async function reply(
  line: string,
  answer: (request: ControlRequest) => Promise<unknown>,
): Promise<ControlReply> {
  let given: unknown;
  try {
    given = JSON.parse(line);
  } catch {
    return { ok: false, error: 'The request is not JSON.' };
  }
  const checked = request.safeParse(given);
  if (!checked.success) return { ok: false, error: whyNotAsked(checked.error, given) };
  return { ok: true, result: await answer(checked.data) };
}

/** In the words of the command line, which may be of another version. */
function whyNotAsked(error: z.ZodError, given: unknown): string {
  return error.issues
    .flatMap((issue) => {
      if (issue.path[0] === 'command') return [notKnown(given)];
      return explainIssue(issue, { tree: given, schema: request, asWritten: () => undefined }).map(
        ({ path, text }) => `${path.join('.')}: ${text}`,
      );
    })
    .join('\n');
}

const notKnown = (given: unknown): string => {
  const { command }: { readonly command?: unknown } = Object(given);
  return `The gate that runs does not know the command ${showFound(command)}: it is of another version, which drawbridge status says.`;
};
