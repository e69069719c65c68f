import type { DataPlane } from '../../data/data-plane.ts';
import type { GateEvent } from '../../data/event.ts';
import type { Heir } from '../hand-over.ts';
import type { ServiceManager } from '../service-manager.ts';

/** How many calls would be cut off if the process ended now. */
export interface UnderWay {
  readonly calls: number;
  /** Not answered yet. */
  readonly ringing: number;
}

/** What whoever takes our place is told, once all but the calls under way is released. */
export interface Legacy {
  readonly link: string;
  readonly boot: Uint8Array;
  /** Resolves when no call is under way here any more. */
  readonly done: Promise<void>;
}

/** What a life is about: the gate, once it is open. */
export interface LivingGate {
  readonly manager: Pick<ServiceManager, 'ready' | 'reloading' | 'stopping' | 'watch'>;
  /** How it is, for whoever asks the service manager. */
  readonly standing: () => string;
  /** Rejects where it does not do its work. */
  readonly proveAlive: () => Promise<void>;
  readonly underWay: () => UnderWay;
  /** How long calls that are under way may last when the process is to end. */
  readonly deadlineSeconds: () => number;
  readonly reload: () => Promise<unknown>;
  readonly drain: DataPlane['drain'];
  /** Resolves when it could begin. It is no more when it is given up before it serves. */
  readonly startHeir: (program: readonly string[], givenUp: AbortSignal) => Promise<Heir>;
  /** Releases what must be one process's alone: from then on nobody has it. */
  readonly giveAway: () => Promise<Legacy>;
  readonly record: (event: GateEvent) => void;
}
