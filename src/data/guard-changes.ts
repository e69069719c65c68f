import type { Guard, GuardChange } from '../limits/guards.ts';
import { Changes } from './changes.ts';

/** Collects changes of the guards for the disk. */
export class GuardChanges extends Changes<Guard, string> {
  changed({ kind, guard }: Pick<GuardChange, 'kind' | 'guard'>): void {
    if (kind === 'raised' || kind === 'held') this.upsert(guard.extension, guard);
    else this.delete(guard.extension, guard.extension);
  }
}
