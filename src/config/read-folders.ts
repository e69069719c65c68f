import { readdirSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { callersFolder } from './callers-folder.ts';
import { nearMiss } from './near-miss.ts';
import { mismatch, type Problem, unknownKey } from './problem.ts';
import type { Path } from './schema-keys.ts';
import { type Folder, filesOf, folders, type Home, homeOf, keysOf } from './settings-files.ts';
import { belongsTo } from './what-was-meant.ts';
import { readProblem, readYaml, readYamlFile, type YamlFile } from './yaml-file.ts';

/** Which folder on disk is read for which. */
export type Directories = Readonly<Record<Folder, string>>;

interface PlacedFile extends Home {
  readonly yaml: YamlFile;
}

/** Every file of all folders, as read. */
export type Files = readonly PlacedFile[];

/** By `policies/exceptions.yaml`: what a file would hold that is not written yet. */
export type Drafts = Readonly<Record<string, string>>;

/** Reads every file. One that is missing or has a name we do not know is a problem. */
export function readFolders(
  directories: Directories,
  drafts: Drafts = {},
): { files: Files; problems: Problem[] } {
  const read = folders.map((folder) => readFolder(folder, directories[folder], drafts));
  return {
    files: read.flatMap(({ files }) => files),
    problems: read.flatMap(({ problems }) => problems),
  };
}

function readFolder(
  folder: Folder,
  directory: string,
  drafts: Drafts,
): { files: Files; problems: Problem[] } {
  let present: string[];
  try {
    // Hidden ones are an editor's own.
    present = readdirSync(directory).filter((name) => /^[^.].*\.ya?ml$/i.test(name));
  } catch (error) {
    return { files: [], problems: [{ where: shown(directory), text: readProblem(error) }] };
  }
  const names = filesOf(folder);
  const problems: Problem[] = present
    .filter((name) => !names.includes(name))
    .map((name) => ({
      where: shown(join(directory, name)),
      text: mismatch('a file of this name', whereItBelongs(folder, name), nearMiss(name, names)),
    }));
  const files = names.map((name): PlacedFile => {
    const draft = drafts[`${folder}/${name}`];
    const path = join(directory, name);
    const yaml =
      draft === undefined ? readYamlFile(path, shown(path)) : readYaml(shown(path), draft);
    problems.push(...yaml.problems, ...strayKeys(folder, name, yaml));
    return { folder, name, yaml };
  });
  return { files, problems };
}

function whereItBelongs(folder: Folder, name: string): string {
  const other = folders.find((one) => one !== folder && filesOf(one).includes(name));
  return other === undefined ? `only ${filesOf(folder).join(', ')}` : `it in ${other}/`;
}

function strayKeys(folder: Folder, name: string, yaml: YamlFile): Problem[] {
  const keys = keysOf(folder, name);
  return Object.keys(yaml.tree)
    .filter((key) => !keys.includes(key))
    .map((key) => {
      const home = homeOf(key);
      const expected = home?.folder === folder ? home.name : `${home?.folder}/${home?.name}`;
      const text = home
        ? mismatch('a key of another file', `it in ${expected}`)
        : mismatch(
            unknownKey(key),
            `one of ${keys.join(', ')}`,
            nearMiss(key, keys) ?? belongsTo(key),
          );
      return { where: yaml.locateKey([], key), key, text };
    });
}

/** All files as one tree. Keys that are not at home in their file were reported and are left out. */
export function fileTree(files: Files): Record<string, unknown> {
  const tree: Record<string, unknown> = {};
  for (const { folder, name, yaml } of files) {
    for (const key of keysOf(folder, name)) {
      if (Object.hasOwn(yaml.tree, key)) tree[key] = yaml.tree[key];
    }
  }
  return tree;
}

/** Where a path stands, or would stand; `isKey`: its last step is a key that should not be there. */
export function placeInFiles(path: Path, isKey: boolean, files: Files): string {
  const yaml = fileOf(path, files);
  if (yaml === undefined) return 'settings';
  const last = path.at(-1);
  return isKey && typeof last === 'string'
    ? yaml.locateKey(path.slice(0, -1), last)
    : yaml.locate(path);
}

/** How a single value is written in its file. */
export const textInFiles = (path: Path, files: Files): string | undefined =>
  fileOf(path, files)?.textAt(path);

function fileOf(path: Path, files: Files): YamlFile | undefined {
  const home = homeOf(String(path[0]));
  return files.find(({ folder, name }) => folder === home?.folder && name === home.name)?.yaml;
}

/** A path as short as it can be shown to whoever asks. */
export function shown(path: string): string {
  const folder = callersFolder();
  const near = relative(folder, path);
  // from the root everything is near, and no shorter for it
  return folder === '/' || near.startsWith('..') || isAbsolute(near) ? path : near || '.';
}
