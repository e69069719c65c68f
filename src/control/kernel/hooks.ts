import type { KernelSettings } from '../../config/settings.ts';
import type { MachineNetwork } from './machine-network.ts';
import type { Hook } from './ruleset.ts';

export interface Hooks {
  /** The best first. */
  readonly hooks: readonly Hook[];
  /** Why one is left out. */
  readonly why: string | undefined;
}

const prerouting: Hook = { at: 'prerouting' };

/** Where packets can be looked at, as this machine is now. Whether the kernel will have it shows when it is tried. */
export function hooksFor(mode: KernelSettings['mode'], { devices }: MachineNetwork): Hooks {
  if (mode === 'off') return { hooks: [], why: 'kernel.mode is off' };
  if (mode === 'prerouting') return { hooks: [prerouting], why: undefined };
  const later = mode === 'auto' ? [prerouting] : [];
  if ('why' in devices) return { hooks: later, why: `no ingress: ${devices.why}` };
  return { hooks: [{ at: 'ingress', devices }, ...later], why: undefined };
}
