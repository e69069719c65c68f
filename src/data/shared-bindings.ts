import type { BindingRow } from '../edge/registrations-store.ts';
import { laterThan } from '../limits/later-than.ts';
import type { Gone } from './messages.ts';
import { SharedChanges } from './shared-changes.ts';

/** Collects changes of the registrations that this node holds, for the others. */
export class SharedBindings extends SharedChanges<BindingRow, Gone> {
  saved(row: BindingRow): void {
    this.decided(row);
  }

  removed({ token, changedAt }: BindingRow): void {
    this.takeBack({ token, at: laterThan(changedAt, Date.now()) });
  }

  protected override idOf({ token }: BindingRow | Gone): string {
    return token;
  }
}
