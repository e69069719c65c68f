import { DatabaseSync } from 'node:sqlite';
import { dataDirectoryAt } from '../../src/control/data-directory.ts';

const namedBy = { registrations: 'aor', guards: 'extension', blocks: 'network' } as const;

/** Which of these a gate with that data directory has written so far, by name. */
export function onDisk(data: string, kept: keyof typeof namedBy): readonly string[] {
  using database = new DatabaseSync(dataDirectoryAt(data).database, { readOnly: true });
  const rows = database.prepare(`SELECT ${namedBy[kept]} AS name FROM ${kept}`).all();
  return rows.map(({ name }) => String(name));
}
