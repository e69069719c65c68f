import { cpuSecondsOf, memoryOf, processTree } from '../proc.ts';

/** What an edge shows of itself at one moment. */
export interface Sight {
  readonly at: number;
  readonly cpuSeconds: number;
  readonly memory: number;
  /** Of the gate: none of an edge that tells nothing. */
  readonly metrics: ReadonlyMap<string, number>;
}

/** Whoever stands between the attackers and the PBX. */
export interface Besieged extends AsyncDisposable {
  readonly name: string;
  /** Throws, with what it said last, when it has died. */
  look(): Promise<Sight>;
}

/** What the system knows of a process and all that it started. */
export function lookAt(pid: number): Omit<Sight, 'metrics'> {
  const processes = processTree(pid);
  return {
    at: performance.now(),
    cpuSeconds: cpuSecondsOf(processes),
    memory: memoryOf(processes).pss,
  };
}
