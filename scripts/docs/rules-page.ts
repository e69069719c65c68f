import { reasons } from '../../src/policy/reasons.ts';
import { rulesOf, stages } from '../../src/policy/registry.ts';
import { cell } from './markdown.ts';

const head = `# Rules and reasons

Made from the code by \`node scripts/write-docs.ts\`. Rules are asked in this order, and the first that refuses decides; \`drawbridge
rules\` prints them with their modes and the lines that set them. Each can be \`on\`, \`off\` or in \`shadow\` (it judges and
counts, and lets through), for all, a group or an extension. No rule, limit or block touches a call for help.
`;

const askedOf: Readonly<Record<(typeof stages)[number], string>> = {
  packet: 'Of every packet, before it is read; silence is the only answer',
  broken: 'Of what is no SIP, or breaks its rules',
  network: 'Of every request of phones and strangers',
  registration: 'Of every REGISTER',
  outbound: 'Of every call by an extension',
  inbound: 'Of every call by a carrier',
};

/** docs/rules.md: every rule in the order of asking, and every reason for a refusal. */
export const rulesPage = (): string =>
  [
    head,
    ...stages.flatMap((stage) => [
      `## ${askedOf[stage]}\n`,
      '| rule | as it ships | requirement | it | reasons it gives |',
      '| --- | --- | --- | --- | --- |',
      ...rulesOf[stage].map(
        ({ name, mode, requirement, summary, reasons: given }) =>
          `| \`${name}\` | ${mode} | ${requirement} | ${cell(summary)} | ${given.map((one) => `\`${one}\``).join(' ') || '–'} |`,
      ),
      '',
    ]),
    '## Reasons\n',
    'What events, logs, `explain` and the metrics give as the reason of a refusal. Who is refused hears nothing of it.\n',
    '| reason | means |',
    '| --- | --- |',
    ...Object.entries(reasons).map(([reason, says]) => `| \`${reason}\` | ${cell(says)} |`),
    '',
  ].join('\n');
