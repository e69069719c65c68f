import type { Conflict, Surroundings } from './compile.ts';
import { KEY_PLACE } from './list-settings.ts';
import { mismatch } from './problem.ts';
import type { SettingsTree } from './schema.ts';
import type { Path } from './schema-keys.ts';
import { secretOf } from './secret-of.ts';
import type { ListSettings } from './settings.ts';

/** Nothing that would be another place in a URL. */
const keyForm = {
  allowed: /^(?!\.+$)[A-Za-z0-9._~+=-]{4,256}$/,
  expected: '4 to 256 letters, digits or . _ ~ + = -',
};

/** Bits of a place in a packed network are few. */
const MOST_LISTS = 64;

/** The lists with their keys, or what in them does not go together. */
export function compileLists(
  { lists }: SettingsTree,
  surroundings: Surroundings,
  problems: Conflict[],
): readonly ListSettings[] {
  const names = Object.keys(lists);
  if (names.length > MOST_LISTS) {
    const text = mismatch(`${names.length} lists`, `at most ${MOST_LISTS}`);
    problems.push([{ path: ['lists'], text }]);
  }
  return Object.entries(lists).map(([name, { file, url, key, format, ...rest }]) => {
    const path: Path = ['lists', name];
    const wantsKey = url?.includes(KEY_PLACE) === true;
    if (format === 'apiban' && file !== undefined)
      problems.push([
        { path: [...path, 'format'], text: mismatch('apiban of a file', 'lines, or a url') },
      ]);
    if (wantsKey && key === undefined)
      problems.push([
        { path: [...path, 'url'], text: mismatch(`${KEY_PLACE}, and no key`, 'a key with it') },
      ]);
    if (!wantsKey && key !== undefined)
      problems.push([
        {
          path: [...path, 'key'],
          text: mismatch('a key', `${KEY_PLACE} in the url, where it goes`),
        },
      ]);
    return {
      ...rest,
      ...{ name, format },
      from: url === undefined ? { file: file ?? '' } : { url },
      ...(key !== undefined && {
        key: secretOf(key, [...path, 'key'], keyForm, surroundings, problems),
      }),
    };
  });
}
