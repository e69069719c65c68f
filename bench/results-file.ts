import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Section } from './report.ts';

const head = `# Results of the benchmarks

Each section says when, on what and how it was measured. A run puts its sections in the place of those of the same title
and keeps the others. Figures are the median [least..most]; [README.md](README.md) says what each means.
`;

/** Puts a section in the place of the one with its title, or at the end. */
export function writeSection(file: string, section: Section): void {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  writeFileSync(file, withSection(before, section));
}

/** The file with this section; the head is always ours. */
export function withSection(file: string, section: Section): string {
  const sections = sectionsIn(file);
  const at = sections.findIndex(({ title }) => title === section.title);
  if (at < 0) sections.push(section);
  else sections[at] = section;
  return [head, ...sections.map(({ title, text }) => `## ${title}\n\n${text}\n`)].join('\n');
}

function sectionsIn(file: string): Section[] {
  const [, ...parts] = `\n${file}`.split(/\n## /);
  return parts.map((part) => {
    const [title = '', ...lines] = part.split('\n');
    return { title, text: lines.join('\n').trim() };
  });
}
