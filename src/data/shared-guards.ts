import type { Guard, GuardChange } from '../limits/guards.ts';
import { laterThan } from '../limits/later-than.ts';
import type { Unguarded } from './messages.ts';
import { SharedChanges } from './shared-changes.ts';

/** Collects changes of the guards for the other nodes: those that were decided here. What ends by its time does so everywhere. */
export class SharedGuards extends SharedChanges<Guard, Unguarded> {
  changed({ kind, guard, elsewhere }: GuardChange): void {
    if (elsewhere === true) return;
    const { extension, changedAt } = guard;
    if (kind === 'raised' || kind === 'held') this.decided(guard);
    else if (kind === 'lifted') this.takeBack({ extension, at: laterThan(changedAt, Date.now()) });
  }

  protected override idOf({ extension }: Guard | Unguarded): string {
    return extension;
  }
}
