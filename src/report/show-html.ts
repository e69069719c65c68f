import { dayOf } from '../config/day-of.ts';
import type { Finding } from '../doctor/finding.ts';
import type { Audit, AuditItem } from './audit.ts';
import { type Section, saidOf } from './security.ts';
import type { SecurityReport } from './security-report.ts';

const style = `
body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}
h1{font-size:1.5em}h2{font-size:1.15em;margin:1.6em 0 .4em}
.grade{display:inline-block;width:1.7em;text-align:center;border-radius:.3em;color:#fff;font-weight:600}
.A{background:#2a7d3f}.B{background:#6b8e23}.C{background:#b8860b}.D{background:#c8511b}.F{background:#b22222}
ul{list-style:none;padding:0;margin:0}li{padding:.25em 0 .25em 4.2em;position:relative;overflow-wrap:anywhere}
li>b{position:absolute;left:0;font-weight:600}.ok>b,.done>b{color:#2a7d3f}.warn>b,.look>b{color:#b8860b}.bad>b{color:#b22222}
small{display:block;color:#666}@media print{body{margin:0}}`;

/** One page by itself: no script, nothing from elsewhere, and what strangers wrote is text. */
export function showHtml({
  at,
  gate,
  version,
  grade,
  sections,
  audits,
  noAudits,
}: SecurityReport): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>Security of ${escaped(gate)}</title>
<style>${style}</style>
</head>
<body>
<h1><span class="grade ${grade}">${grade}</span> Security of ${escaped(gate)}</h1>
<p>Drawbridge ${escaped(version)}, ${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC</p>
${sections.map(sectionOf).join('\n')}
${audits.map(auditOf).join('\n')}
${noAudits === undefined ? '' : `<p>${escaped(noAudits)}</p>`}
</body>
</html>`;
}

const sectionOf = (section: Section): string =>
  `<h2><span class="grade ${section.grade}">${section.grade}</span> ${escaped(section.title)}</h2>
<ul>
${section.findings.map((one) => findingOf(section, one)).join('\n')}
</ul>`;

const findingOf = (section: Section, finding: Finding): string => {
  const { level, todo } = finding;
  const text = `${escaped(saidOf(section, finding))}${small(todo)}`;
  return `<li class="${level}"><b>${level}</b>${text}</li>`;
};

const auditOf = ({ period, since, recordSince, items }: Audit): string =>
  `<h2>Check list, ${period}: since ${dayOf(since)}</h2>
${recordSince === undefined ? '' : `<p>What happened is on record since ${dayOf(recordSince)}.</p>`}
<ul>
${items.map(itemOf).join('\n')}
</ul>`;

const itemOf = ({ what, state, facts, todo }: AuditItem): string =>
  `<li class="${state === 'by hand' ? 'look' : state}"><b>${state}</b>${escaped(what)}${facts.map(small).join('')}${small(todo)}</li>`;

const small = (text: string | undefined): string =>
  text === undefined ? '' : `<small>${escaped(text)}</small>`;

const entities: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
};

const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}]/gu, '?')
    .replace(/[&<>"']/g, (one) => entities[one] ?? '');
