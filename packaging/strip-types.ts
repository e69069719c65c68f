import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

/**
 * `node packaging/strip-types.ts DIR` makes JavaScript of the TypeScript in a folder that is to be run, not worked on: Node
 * would do it at each start, with a compiler that takes 27 MB in the two threads and is never let go. Lines and columns
 * stay where they were.
 */
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('found nothing, expected a folder');

/** What stands for a file beside it: `'./worker.ts'`, in an import or a URL. */
const neighbour = /(['"]\.{1,2}\/[^'"\n]*)\.ts(?=['"])/g;

for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.ts')) continue;
  const file = join(folder, name);
  if (!name.endsWith('.test.ts')) {
    const code = stripTypeScriptTypes(readFileSync(file, 'utf8'));
    writeFileSync(file.replace(/\.ts$/, '.js'), code.replaceAll(neighbour, '$1.js'));
  }
  rmSync(file);
}
