import type { Guard, GuardChange } from '../limits/guards.ts';
import { laterThan } from '../limits/later-than.ts';
import { Changes } from './changes.ts';
import type { Unguarded } from './messages.ts';

/** Collects changes of the guards for the other nodes: those that were decided here. What ends by its time does so everywhere. */
export class SharedGuards extends Changes<Guard, Unguarded> {
  changed({ kind, guard, elsewhere }: GuardChange): void {
    if (elsewhere === true) return;
    const { extension } = guard;
    if (kind === 'raised' || kind === 'held') this.tell(guard);
    else if (kind === 'lifted')
      this.delete(extension, { extension, at: laterThan(guard.changedAt, Date.now()) });
  }

  /** Tells of it again, unless it is older than what is still to be told: another node may have had it meanwhile. */
  tell(guard: Guard): void {
    const lifted = this.deleting(guard.extension);
    if (lifted !== undefined && lifted.at >= guard.changedAt) return;
    this.upsert(guard.extension, guard);
  }
}
