import type { DroppedBy } from './ruleset.ts';

/** How far the kernel refuses for us. */
export interface KernelStatus {
  /** The name of the table, of family inet. */
  readonly table: string;
  /** Where packets are looked at: at ingress nothing was done for them yet. */
  readonly hook: 'ingress' | 'prerouting' | 'none';
  /** Of ingress. */
  readonly devices: readonly string[];
  /** Why no earlier, or why nowhere; undefined when all is as it can best be. */
  readonly why: string | undefined;
  readonly elements: {
    readonly blocked: number;
    readonly unproven: number;
    /** By lists of others. */
    readonly listed: number;
    readonly known: number;
  };
  /** Packets, since the start. */
  readonly dropped: Readonly<Record<DroppedBy, number>>;
  /** How often the table was made anew because it was not as we left it. */
  readonly repairs: number;
}
