import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { environment } from '../config/environment.ts';
import type { Inheritance, InheritedSocket } from '../data/messages.ts';
import { CannotStart } from './data-directory.ts';

/** Tells a process that it takes the place of the one that started it. No setting: it is for nobody else to say. */
const MARK = 'GATE_TAKES_OVER';
/** Where the sockets stand among the descriptors of the new process: behind the standard ones and the channel to us. */
const FIRST_DESCRIPTOR = 4;
const READY_WITHIN_MS = 60_000;

/** What the two say to each other, before and besides what the data planes do. */
type Said =
  | { readonly is: 'ready' }
  | { readonly is: 'serving' }
  | { readonly is: 'yours'; readonly inheritance: Omit<Inheritance, 'boot'> & { boot: string } };

/** The process that is to take our place. */
export interface Heir {
  readonly pid: number;
  /** All that was held here is released: it may begin. Resolves when it serves, rejects when it ended instead. */
  succeed(link: string, boot: Uint8Array): Promise<void>;
  /** Resolves when it ended. */
  readonly ended: Promise<unknown>;
}

/** Starts it, with our sockets and our own flags; resolves when it has read its settings and found them good. */
export async function startHeir(
  program: readonly string[],
  sockets: readonly InheritedSocket[],
): Promise<Heir> {
  const [command = process.execPath, ...words] = program;
  const { WATCHDOG_PID: _, ...given } = environment();
  const child = spawn(command, [...process.execArgv, ...words, ...process.argv.slice(2)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...sockets.map(({ descriptor }) => descriptor)],
    env: { ...given, [MARK]: '1' },
    detached: true,
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`it ended with ${signal ?? code}`));
  });
  const heard = (what: Said['is'], withinMs?: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const tooLong =
        withinMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), withinMs);
      child.on('message', (said: Said) => {
        if (said.is === what) resolve();
      });
      void ended.then((why) => {
        clearTimeout(tooLong);
        reject(new Error(`The new process does not take over: ${why}. Its log says why.`));
      });
      child.once('message', () => clearTimeout(tooLong));
    });

  await heard('ready', READY_WITHIN_MS);
  return {
    pid: child.pid ?? 0,
    ended,
    async succeed(link, boot) {
      const inherited = sockets.map((socket, place) => ({
        ...socket,
        descriptor: FIRST_DESCRIPTOR + place,
      }));
      const serving = heard('serving');
      tell(child, {
        is: 'yours',
        inheritance: { sockets: inherited, link, boot: Buffer.from(boot).toString('base64') },
      });
      await serving;
      child.disconnect();
      child.unref();
    },
  };
}

/** In the new process: says that it could begin, and waits until it may. Undefined when it takes nobody's place. */
export async function awaitInheritance(): Promise<Inheritance | undefined> {
  if (environment()[MARK] === undefined || process.send === undefined) return undefined;
  const said = once(process, 'message');
  const gone = once(process, 'disconnect').then(() => undefined);
  tell(process, { is: 'ready' });
  const [message] = ((await Promise.race([said, gone])) ?? []) as [Said?];
  if (message?.is !== 'yours')
    throw new CannotStart(
      'The gate whose place was to be taken ended before it said what is there.',
    );
  const { sockets, link, boot } = message.inheritance;
  return { sockets, link, boot: Buffer.from(boot, 'base64') };
}

/** In the new process: it serves. */
export function tellThatWeServe(): void {
  tell(process, { is: 'serving' });
}

const tell = (other: ChildProcess | NodeJS.Process, said: Said): void => void other.send?.(said);
