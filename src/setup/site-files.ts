import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { plain, ValuesText } from '../config/edit-values.ts';
import { inBrackets, showHostPort } from '../config/forms.ts';
import { editorSchemas } from '../config/json-schemas.ts';
import { type Folder, filesOf, folders, shippedFolders } from '../config/settings-files.ts';
import type { Answers } from './answers.ts';
import type { ImportedExtension } from './imported.ts';
import { siteTests } from './site-tests.ts';

/** A file of a site by `policies/site.yaml`, and what is to stand in it. */
export interface SiteFile {
  readonly path: string;
  readonly text: string;
}

/** Where the gate stands in its network. */
export interface Standing {
  /** Phones outside reach it by another address than its own: there is NAT. */
  readonly translated: boolean;
  /** The address by which the PBX reaches it, if that could be found out. */
  readonly facingPbx: string | undefined;
}

/** The port the PBX speaks to where phones are told another address. */
export const CORE_PORT = 5062;

/** The shipped files with what was answered in them, tests and schemas beside. */
export function siteFiles(answers: Answers, standing: Standing): readonly SiteFile[] {
  const edits: Readonly<Record<string, (text: ValuesText) => void>> = {
    'policies/site.yaml': (text) => editSite(text, answers),
    'policies/outbound.yaml': (text) => editOutbound(text, answers),
    'policies/extensions.yaml': (text) => editExtensions(text, answers),
    'routes/pbx.yaml': (text) => text.set(['pbx', 'nodes', 0, 'uri'], answers.pbx),
    'routes/listeners.yaml': (text) => editListeners(text, answers, standing),
  };
  const settings = folders.flatMap((folder) =>
    filesOf(folder).map((name) => {
      const path = `${folder}/${name}`;
      const text = new ValuesText(shipped(folder, name));
      edits[path]?.(text);
      return { path, text: text.toString() };
    }),
  );
  const tests = readdirSync(join(shippedFolders.policies, 'tests')).map((name) => ({
    path: `policies/tests/${name}`,
    text: shipped('policies', `tests/${name}`),
  }));
  const schemas = editorSchemas().map(({ folder, file, text }) => ({
    path: `${folder}/schema/${file}`,
    text,
  }));
  const ownTests = { path: 'policies/tests/site.yaml', text: siteTests(answers) };
  return [...settings, ...tests, ownTests, ...schemas];
}

const shipped = (folder: Folder, name: string): string =>
  readFileSync(join(shippedFolders[folder], name), 'utf8');

function editSite(text: ValuesText, answers: Answers): void {
  const { homeCountry, timeZone, localNetworks, outsidePrefix } = answers;
  if (homeCountry !== undefined) text.set(['site', 'homeCountry'], homeCountry);
  if (timeZone !== 'UTC') text.set(['site', 'timeZone'], timeZone);
  if (localNetworks !== undefined) text.set(['site', 'localNetworks'], localNetworks);
  if (outsidePrefix !== '') text.set(['site', 'dialPlan', 'outsidePrefix'], outsidePrefix);
}

function editOutbound(text: ValuesText, { homeCountry, countries }: Answers): void {
  const abroad = countries.filter((country) => country !== homeCountry);
  if (abroad.length > 0) text.set(['outbound', 'allowed-countries', 'countries'], abroad);
}

function editListeners(
  text: ValuesText,
  { publicAddress, pbx }: Answers,
  { translated, facingPbx }: Standing,
): void {
  if (publicAddress === undefined || !translated) return;
  const host = inBrackets(publicAddress);
  const advertised = (listen: string): boolean => {
    const isSix = listen.includes('[');
    if (host.startsWith('[')) return isSix;
    return !isSix || !/^[\d.]+$/.test(host);
  };
  const listenOf = (index: number): unknown => text.at(['listeners', index, 'listen']);
  for (let index = 0; listenOf(index) !== undefined; index++)
    if (advertised(String(listenOf(index))))
      text.addBelow(['listeners', index, 'listen'], [`advertise: ${plain(host)}`]);
  if (facingPbx === undefined) return;
  const [, parameter = /^sips:/i.test(pbx) ? 'tls' : 'udp'] = /;transport=(\w+)/i.exec(pbx) ?? [];
  text.addEntry(
    ['listeners'],
    [
      '# For the PBX, which is not to be told the public address. What comes here is trusted: let nobody else reach it.',
      `- listen: ${parameter.toLowerCase()}:${showHostPort(facingPbx, CORE_PORT)}`,
      '  realm: core',
    ],
  );
}

function editExtensions(text: ValuesText, { extensions, unlisted }: Answers): void {
  if (!unlisted) text.set(['extensions', 'unlisted'], 'refuse');
  if (extensions.length === 0) return;
  const groups = new Set(extensions.flatMap(({ settings }) => settings.groups ?? []));
  if (groups.size > 0)
    text.setBlock(
      ['extensions', 'groups'],
      [...groups].map((name) => `${keyOf(name)}: {}`),
    );
  text.setBlock(['extensions', 'list'], extensions.flatMap(extensionLines));
}

function extensionLines({ extension, owner, settings }: ImportedExtension): readonly string[] {
  const { groups, registerName, userAgents, permittedIps, transports, ...rest } = settings;
  const { devices, concurrentCalls, remote, international } = rest;
  const written = Object.entries({
    ...{ groups, registerName, userAgents, permittedIps, transports },
    ...{ devices, concurrentCalls, remote, international },
  });
  const lines = written.flatMap(([key, value]) =>
    value === undefined ? [] : [`  ${key}: ${plain(value)}`],
  );
  const comment = owner === undefined ? '' : ` # ${owner.replace(/\p{Cc}+/gu, ' ').slice(0, 80)}`;
  return [`${keyOf(extension)}:${lines.length === 0 ? ' {}' : ''}${comment}`, ...lines];
}

/** Plain where every reader of YAML takes it for the same. */
const keyOf = (name: string): string =>
  /^[1-9]\d*$|^[a-z][\w-]*$/i.test(name) ? name : JSON.stringify(name);
