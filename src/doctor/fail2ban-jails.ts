import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { textOf } from './this-machine.ts';

export interface Jail {
  readonly name: string;
  readonly enabled: boolean;
  /** As written: addresses, networks, names. */
  readonly ignored: readonly string[];
}

const FOLDER = 'etc/fail2ban';

/** The jails of fail2ban, as its files in their order make them; undefined when it is not on this machine. */
export function readJails(root: string): readonly Jail[] | undefined {
  const files = [
    'jail.conf',
    ...namesIn(root, 'jail.d', '.conf'),
    'jail.local',
    ...namesIn(root, 'jail.d', '.local'),
  ];
  const texts = files.flatMap((file) => textOf(root, join(FOLDER, file)) ?? []);
  if (texts.length === 0) return undefined;
  const sections = new Map<string, Map<string, string>>();
  for (const text of texts) readInto(sections, text);
  const common = sections.get('DEFAULT');
  return [...sections]
    .filter(([name]) => name !== 'DEFAULT' && name !== 'INCLUDES')
    .map(([name, own]) => {
      const value = (key: string): string => own.get(key) ?? common?.get(key) ?? '';
      return {
        name,
        enabled: /^(?:true|yes|on|1)$/i.test(value('enabled')),
        ignored: value('ignoreip')
          .split(/[\s,]+/)
          .filter(Boolean),
      };
    });
}

function namesIn(root: string, folder: string, ending: string): readonly string[] {
  try {
    return readdirSync(join(root, FOLDER, folder))
      .filter((name) => name.endsWith(ending))
      .toSorted()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** What stands indented goes on with the line before. */
function readInto(sections: Map<string, Map<string, string>>, text: string): void {
  let section: Map<string, string> | undefined;
  let last = '';
  for (const line of text.split('\n')) {
    const bare = line.replace(/\s[#;].*$/, '').trimEnd();
    if (bare.trim() === '' || /^[#;]/.test(bare)) continue;
    const [, name] = /^\[([^\]]+)\]/.exec(bare) ?? [];
    const [, key = '', value = ''] = /^([A-Za-z_]\w*)\s*[=:]\s*(.*)$/.exec(bare) ?? [];
    if (name !== undefined) {
      section = sections.get(name) ?? new Map<string, string>();
      sections.set(name, section);
      last = '';
    } else if (key !== '') {
      section?.set(key, value);
      last = key;
    } else if (/^\s/.test(bare) && last !== '')
      section?.set(last, `${section.get(last) ?? ''} ${bare.trim()}`);
  }
}
