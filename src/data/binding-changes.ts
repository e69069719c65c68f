import type { BindingKey, BindingRow, RegistrationsStore } from '../edge/registrations-store.ts';
import { Changes } from './changes.ts';

/** Collects changes of registrations for the disk. */
export class BindingChanges extends Changes<BindingRow, BindingKey> implements RegistrationsStore {
  // a token is as unique as address of record and Contact together
  saved(row: BindingRow): void {
    this.upsert(row.token, row);
  }

  removed({ token, aor, contact }: BindingRow): void {
    this.delete(token, { aor, contact });
  }
}
