import type { BindingRow } from '../edge/registrations-store.ts';
import { laterThan } from '../limits/later-than.ts';
import { Changes } from './changes.ts';
import type { Gone } from './messages.ts';

/** Collects changes of the registrations that this node holds, for the others. */
export class SharedBindings extends Changes<BindingRow, Gone> {
  saved(row: BindingRow): void {
    this.upsert(row.token, row);
  }

  removed({ token, changedAt }: BindingRow): void {
    this.delete(token, { token, at: laterThan(changedAt, Date.now()) });
  }

  /** Tells of it again, unless that it is gone is still to be told. */
  tell(row: BindingRow): void {
    if (this.deleting(row.token) === undefined) this.upsert(row.token, row);
  }
}
