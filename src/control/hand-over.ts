import { type ChildProcess, spawn } from 'node:child_process';
import { z } from 'zod';
import { environment } from '../config/environment.ts';
import { transports } from '../config/forms.ts';
import type { Settings } from '../config/settings.ts';
import type { Inheritance } from '../data/messages.ts';
import { CannotStart } from './data-directory.ts';
import { type HeldPlaces, whyNotTakeOver } from './why-not-take-over.ts';

/**
 * Tells a process that it takes the place of the one that started it, and what that has open. No setting: it is for nobody
 * else to say.
 */
const MARK = 'GATE_TAKES_OVER';
/** How a place is handed over, in the mark and in all that is said after it: another number where any of it changes. */
export const HAND_OVER_PROTOCOL = 2;
export const HANDS_OVER_IN_ANOTHER_WAY =
  'that one is of a version that hands over in another way. Restart it: systemctl restart drawbridge, where it is a service.';
const place = { address: z.string(), port: z.int() };
const offerSchema = z.object({
  protocol: z.literal(HAND_OVER_PROTOCOL),
  sockets: z.array(z.object({ transport: z.enum(transports), ...place, descriptor: z.int() })),
  http: z.object(place),
});
type Offer = z.output<typeof offerSchema>;
/** Where the sockets stand among the descriptors of the new process: behind the standard ones and the channel to us. */
const FIRST_DESCRIPTOR = 4;
const READY_WITHIN_MS = 60_000;
const SERVING_WITHIN_MS = 60_000;

/** What the two say to each other, before and besides what the data planes do. */
type Said =
  | { readonly is: 'ready' }
  | { readonly is: 'unable'; readonly why: string }
  | { readonly is: 'serving' }
  | { readonly is: 'yours'; readonly link: string; readonly boot: string };

/** The process that is to take our place. */
export interface Heir {
  readonly pid: number;
  /** All that was held here is released: it may begin. Resolves when it serves, rejects when it ended instead. */
  succeed(link: string, boot: Uint8Array): Promise<void>;
  /** Nothing is left of it. */
  kill(): void;
  /** Resolves when it ended. */
  readonly ended: Promise<unknown>;
}

/**
 * Starts it, with our sockets and our own flags; resolves when it has read its settings, and found them good and all that
 * is new in them free. It is no more when it is given up before it serves.
 */
export async function startHeir(
  program: readonly string[],
  held: HeldPlaces,
  givenUp: AbortSignal,
): Promise<Heir> {
  givenUp.throwIfAborted();
  const [command = process.execPath, ...words] = program;
  const { WATCHDOG_PID: _, ...given } = environment();
  const theirs = held.sockets.map((socket, place) => ({
    ...socket,
    descriptor: FIRST_DESCRIPTOR + place,
  }));
  const descriptors = held.sockets.map(({ descriptor }) => descriptor);
  const offer: Offer = { protocol: HAND_OVER_PROTOCOL, sockets: theirs, http: held.http };
  const child = spawn(command, [...process.execArgv, ...words, ...process.argv.slice(2)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...descriptors],
    env: { ...given, [MARK]: JSON.stringify(offer) },
    detached: true,
  });
  const kill = (): void => void child.kill('SIGKILL');
  givenUp.addEventListener('abort', kill);
  const unable = Promise.withResolvers<string>();
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) =>
      resolve(`it ended with ${signal ?? code}. Its log says why.`),
    );
  });
  child.on('message', (said: Said) => {
    if (said.is === 'unable') unable.resolve(said.why);
  });
  const heard = (what: Said['is'], withinMs: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const tooLong = setTimeout(kill, withinMs);
      child.on('message', (said: Said) => {
        if (said.is !== what) return;
        clearTimeout(tooLong);
        resolve();
      });
      void Promise.race([unable.promise, ended]).then((why) => {
        clearTimeout(tooLong);
        reject(new Error(`The new process does not take over: ${why}`));
      });
    });

  await heard('ready', READY_WITHIN_MS);
  return {
    pid: child.pid ?? 0,
    ended,
    kill,
    async succeed(link, boot) {
      const serving = heard('serving', SERVING_WITHIN_MS);
      tell(child, { is: 'yours', link, boot: Buffer.from(boot).toString('base64') });
      await serving;
      givenUp.removeEventListener('abort', kill);
      child.disconnect();
      child.unref();
    },
  };
}

/**
 * In the new process: says that it could begin, and waits until it may. Undefined when it takes nobody's place. Throws
 * `CannotStart` when it cannot, when the other is gone, or when it is itself `asked` to end before it has anything.
 */
export async function awaitInheritance(
  settings: Settings,
  asked: Promise<unknown>,
): Promise<Inheritance | undefined> {
  const mark = environment()[MARK];
  if (mark === undefined || process.send === undefined) return undefined;
  const held = offerIn(mark);
  if (held === undefined) throw unable(HANDS_OVER_IN_ANOTHER_WAY);
  const why = await whyNotTakeOver(settings, held);
  if (why !== undefined) throw unable(why);
  const { promise: given, resolve } = Promise.withResolvers<Said | undefined>();
  const gone = (): void => resolve(undefined);
  process.once('message', resolve);
  process.once('disconnect', gone);
  tell(process, { is: 'ready' });
  void asked.then(gone);
  const said = await given;
  // heard or not, a process with an ear at the channel does not end
  process.off('message', resolve);
  process.off('disconnect', gone);
  if (said?.is !== 'yours')
    throw new CannotStart('The hand-over ended before anything was handed over.');
  return { sockets: held.sockets, link: said.link, boot: Buffer.from(said.boot, 'base64') };
}

/** Undefined when another version made it. */
function offerIn(mark: string): Offer | undefined {
  try {
    return offerSchema.safeParse(JSON.parse(mark)).data;
  } catch {
    return undefined;
  }
}

/** Said to the other, which may be a version that does not listen, and here. */
function unable(why: string): CannotStart {
  tell(process, { is: 'unable', why });
  return new CannotStart(`This gate cannot take the place of the one that runs: ${why}`);
}

/** In the new process: it serves. */
export function tellThatWeServe(): void {
  tell(process, { is: 'serving' });
}

/** Whether the other is still there shows elsewhere. */
const tell = (other: ChildProcess | NodeJS.Process, said: Said): void =>
  void other.send?.(said, undefined, undefined, () => {});
