import { type KnownKey, knownKeys, variableFor } from '../../src/config/schema-keys.ts';
import { filesOf, folders, homeOf } from '../../src/config/settings-files.ts';
import { cell } from './markdown.ts';

const head = `# Every setting

Made from the code by \`node scripts/write-docs.ts\`; \`drawbridge help settings\` prints the same. Each key stands in a file of
\`routes/\` or \`policies/\`, where comments say more, and can be given as \`--set KEY=VALUE\` or by its variable. Flags win over
variables, variables over files. \`[]\` is the number of an entry, from 0; \`<name>\` one of yours.

A variable is the key in capitals, with \`DRAWBRIDGE_\` before it, \`__\` for each dot and \`_\` before what was a capital or for a
hyphen: \`pbx.health.everySeconds\` is \`${variableFor('pbx.health.everySeconds')}\`.
`;

/** docs/settings.md: every key there is, by the file that it stands in. */
export function settingsPage(): string {
  const byFile = Map.groupBy(knownKeys(), ({ key }) => {
    const home = homeOf(key.split('.')[0] ?? '');
    return home === undefined ? '' : `${home.folder}/${home.name}`;
  });
  const sections = folders.flatMap((folder) =>
    filesOf(folder).flatMap((name) =>
      section(`${folder}/${name}`, byFile.get(`${folder}/${name}`)),
    ),
  );
  return [head, ...sections].join('\n');
}

const section = (file: string, keys: readonly KnownKey[] = []): readonly string[] => [
  `## [${file}](../${file})\n`,
  '| key | default | what it does |',
  '| --- | --- | --- |',
  ...keys.map((one) => `| \`${one.key}\` | ${standard(one)} | ${cell(one.description)} |`),
  '',
];

const standard = ({ default: value }: KnownKey): string =>
  value === undefined ? '' : `\`${cell(JSON.stringify(value))}\``;
