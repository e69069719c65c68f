import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { environment } from '../config/environment.ts';
import { showHostPort } from '../config/forms.ts';
import { shown } from '../config/read-folders.ts';
import { reasonOf } from '../config/reason-of.ts';
import type { Answers } from '../setup/answers.ts';
import { csvColumns } from '../setup/csv-columns.ts';
import { highRiskOf, premiumOf } from '../setup/example-numbers.ts';
import { addressFacing, leadsHere } from '../setup/facing-address.ts';
import type { Imported } from '../setup/imported.ts';
import { CORE_PORT, type Standing, siteFiles } from '../setup/site-files.ts';
import { foldersInTheWay, isShipped, type Kept, writeSite } from '../setup/write-site.ts';
import { check } from './check.ts';
import type { Command, ExitCode } from './command.ts';
import { interview } from './interview.ts';
import { complain, counted, harmless, print, styled, table } from './output.ts';
import { Interrupted } from './terminal.ts';

export const init: Command = {
  name: 'init',
  summary: 'write policies/ and routes/ for a site, from a few answers',
  operands: '[DIR]',
  mostOperands: 1,
  flags: {
    pbx: {
      type: 'string',
      value: 'PLACE',
      help: 'where the PBX is: 192.0.2.10, pbx.example.com:5080, or a SIP URI',
    },
    public: {
      type: 'string',
      value: 'HOST',
      help: 'the name or address by which phones outside reach the gate',
    },
    country: { type: 'string', value: 'CODE', help: 'the country of the site: DE' },
    call: {
      type: 'string',
      multiple: true,
      value: 'CODES',
      help: 'other countries that may be called: AT,CH; repeat for more',
    },
    'outside-prefix': {
      type: 'string',
      value: 'DIGITS',
      help: 'what is dialled first for an outside line: 0',
    },
    local: {
      type: 'string',
      multiple: true,
      value: 'NETWORKS',
      help: "the site's own networks (default: the private ones); repeat for more",
    },
    'time-zone': {
      type: 'string',
      value: 'ZONE',
      help: 'Europe/Berlin (default: that of this machine)',
    },
    import: {
      type: 'string',
      value: 'FILE',
      help: "extensions from Asterisk's pjsip.conf, or from a table (.csv); passwords are not read",
    },
    yes: { type: 'boolean', help: 'ask nothing: what no flag says is left as it ships' },
    force: {
      type: 'boolean',
      help: 'write also where such folders are: they are kept under another name',
    },
  },
  details:
    'They are those that ship, comments and all, with what was answered in them, and come into DIR (default: site). On a\n' +
    'terminal it asks for what no flag says. policies/tests/site.yaml holds what the answers promise.\n\n' +
    'A table has the names of its columns in its first line: extension, name, and any of\n' +
    `${table(csvColumns.map(({ name, help }) => [name, help]))}\n\n` +
    'Of a pjsip.conf, with what it includes and its templates, it takes endpoints that have an auth and an aor that phones\n' +
    'register with: the name, the digest user name, max_contacts, and permit where deny shuts out all others.',
  async run(given) {
    const [site = 'site'] = given.rest;
    if (isShipped(site)) {
      complain(
        `${shown(site)} has the files that ship, from which others are made. Name another folder.`,
      );
      return 1;
    }
    const inTheWay = foldersInTheWay(site);
    if (inTheWay.length > 0 && given.flags.force !== true) {
      const are = inTheWay.length === 1 ? 'is' : 'are';
      const names = inTheWay.map(shown).join(' and ');
      complain(`${names} ${are} there already. Name another folder, or say --force.`);
      return 1;
    }
    try {
      const interviewed = await interview(given);
      return typeof interviewed === 'number' ? interviewed : await setUp(site, interviewed);
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      complain('\nNothing was written.');
      return 1;
    }
  },
};

interface Interviewed {
  readonly answers: Answers;
  readonly imported: Imported | undefined;
}

async function setUp(site: string, { answers, imported }: Interviewed): Promise<ExitCode> {
  const { publicAddress, pbx } = answers;
  const standing: Standing = {
    translated: publicAddress !== undefined && !(await leadsHere(publicAddress)),
    facingPbx: await addressFacing(pbx),
  };
  const files = siteFiles(answers, standing);
  let kept: readonly Kept[];
  try {
    kept = uninterrupted(() => writeSite(site, files, new Date()));
  } catch (error) {
    complain(`${shown(site)} cannot be written: ${reasonOf(error)}.`);
    return 1;
  }
  for (const { folder, keptAs } of kept)
    print(`${styled('yellow', 'note')}  ${shown(folder)} of before is ${shown(keptAs)} now`);
  if (imported !== undefined) showImported(imported);
  const places = { policies: join(site, 'policies'), routes: join(site, 'routes') };
  const code = await check.run({ flags: places, rest: [] });
  if (code === 0) print(`\n${nextSteps(site, answers, standing)}`);
  return code;
}

/** A signal waits until it is done: it takes milliseconds, and half of it is worth nothing. */
function uninterrupted<T>(act: () => T): T {
  const wait = (): void => {};
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, wait);
  try {
    return act();
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, wait);
  }
}

const MOST_NOTES = 20;

function showImported({ extensions, notes, complete }: Imported): void {
  print(`${styled('green', 'good')}  ${counted(extensions.length, 'extension')} imported`);
  const said = complete
    ? notes
    : [
        ...notes,
        'there may be more than could be read: others may register too (extensions.unlisted)',
      ];
  for (const note of said.slice(0, MOST_NOTES))
    print(`${styled('yellow', 'note')}  ${harmless(note)}`);
  if (said.length > MOST_NOTES) print(`      and ${said.length - MOST_NOTES} more`);
}

/** Where packaging/install.sh puts it. */
const UNIT = '/etc/systemd/system/drawbridge.service';

/** Do commands and the gate take that folder by themselves? */
function isTaken(site: string, folder: 'policies' | 'routes'): boolean {
  const set = environment()[`DRAWBRIDGE_${folder.toUpperCase()}`];
  return set !== undefined && resolve(set) === resolve(site, folder);
}

function nextSteps(site: string, answers: Answers, standing: Standing): string {
  // as it was called itself
  const throughNpm = environment().npm_lifecycle_event === 'drawbridge';
  const word = throughNpm ? 'npm run -s drawbridge --' : 'drawbridge';
  const run = throughNpm ? 'npm start --' : 'drawbridge run';
  const served = isTaken(site, 'policies') && isTaken(site, 'routes');
  const places = served
    ? ''
    : ` --policies ${join(site, 'policies')} --routes ${join(site, 'routes')}`;
  // who started it by hand would do so as root, and leave files that are shut to the service
  const start =
    served && existsSync(UNIT)
      ? 'systemctl enable --now drawbridge     (it runs already? drawbridge reload)'
      : `${run}${places}`;
  const gate = answers.publicAddress ?? standing.facingPbx ?? 'this machine';
  const { extensions, unlisted, homeCountry, countries } = answers;
  const risky = highRiskOf(countries);
  const premium = premiumOf(homeCountry ?? 'DE') ?? '+881612345678';
  const caller = extensions[0]?.extension ?? '1001';
  const steps: readonly (string | false)[] = [
    `Start it:  ${start}`,
    `Point a phone at ${gate}: TLS, port 5061, or 5060 without, with the account it has on the PBX.`,
    `See what it does with a call:  ${word} explain invite ${premium} --as ${caller}${places}`,
    `See whether the PBX can be reached around it:  ${word} doctor${places}`,
    standing.translated &&
      standing.facingPbx !== undefined &&
      `The PBX calls by ${showHostPort(standing.facingPbx, CORE_PORT)}. What comes there is trusted: let nobody else reach it.`,
    homeCountry === undefined &&
      `Say where it is, or every number with an international prefix is abroad: site.homeCountry in ${join(site, 'policies/site.yaml')}`,
    risky.length > 0 &&
      `Numbers of ${risky.join(', ')} are known for fraud and stay barred: outbound.blocked-classes in ${join(site, 'policies/outbound.yaml')}`,
    !unlisted &&
      `New extensions go into ${join(site, 'policies/extensions.yaml')}: others may not register.`,
    `Name a certificate that phones can check: tls.certificates in ${join(site, 'routes/listeners.yaml')}`,
    `Carriers: ${join(site, 'routes/trunks.yaml')}`,
  ];
  const lines = steps.filter((step) => step !== false);
  return ['Next:', ...lines.map((step, index) => `  ${index + 1}. ${step}`)].join('\n');
}
