import type { Environment } from './environment.ts';
import { nearMiss } from './near-miss.ts';
import { mismatch, type Problem, showFound } from './problem.ts';
import { keysAt, namesAt, type Path, schemaAt, spelled } from './schema-keys.ts';
import { readYamlValue } from './yaml-file.ts';

/** One value that a flag or an environment variable puts in place of what the files say. */
export interface Override {
  readonly path: Path;
  readonly value: unknown;
  /** The flag or variable, as messages name it. */
  readonly origin: string;
}

export interface Overrides {
  readonly overrides: readonly Override[];
  readonly problems: readonly Problem[];
}

/** What the gate that runs has besides flags, where a command judges settings as it does. */
export interface OfTheGate {
  /** Its variables that set something, in place of ours. Undefined: ours hold. */
  readonly variables?: Environment;
  /** Of all variables that it has, secrets among them. What they hold it does not tell. */
  readonly names: readonly string[];
}

/** The flags that change settings, as given on the command line. */
export interface SettingsFlags {
  readonly pbx?: readonly string[];
  readonly listen?: readonly string[];
  readonly trunk?: readonly string[];
  readonly drachtio?: readonly string[];
  readonly redis?: readonly string[];
  readonly http?: string;
  readonly data?: string;
  readonly 'log-level'?: string;
  readonly set?: readonly string[];
  /** The folders to read; no settings themselves. */
  readonly routes?: string;
  readonly policies?: string;
  /** No flag. */
  readonly gate?: OfTheGate;
}

/** What the flags say. Short flags first, so that `--set` can refine them. */
export function fromFlags(flags: SettingsFlags): Overrides {
  const overrides: Override[] = [];
  const problems: Problem[] = [];
  if (flags.listen?.length) overrides.push(listenersFrom(flags.listen, '--listen'));
  if (flags.pbx?.length) overrides.push(hopsFrom(['pbx', 'nodes'], flags.pbx, '--pbx'));
  if (flags.trunk?.length) overrides.push(hopsFrom(['trunks'], flags.trunk, '--trunk'));
  if (flags.drachtio?.length) overrides.push(serversFrom(flags.drachtio, '--drachtio'));
  if (flags.redis?.length) overrides.push(redisFrom(flags.redis, '--redis'));
  if (flags.http !== undefined) overrides.push(...httpFrom(flags.http, '--http'));
  if (flags.data !== undefined) {
    overrides.push({ path: ['dataDirectory'], value: flags.data, origin: '--data' });
  }
  if (flags['log-level'] !== undefined) {
    overrides.push({ path: ['log', 'level'], value: flags['log-level'], origin: '--log-level' });
  }
  for (const text of flags.set ?? []) {
    const equals = text.indexOf('=');
    if (equals < 1) {
      problems.push({
        where: '--set',
        text: mismatch(showFound(text), 'key=value such as pbx.health.everySeconds=5'),
      });
      continue;
    }
    const key = text.slice(0, equals);
    const path = pathOf(key.split('.'), (name) => name);
    if (path.ok) addScalar(path.path, text.slice(equals + 1), '--set', overrides, problems);
    else problems.push({ where: '--set', key, text: path.text });
  }
  return { overrides, problems };
}

/** Variables that stand for a short flag. The rest name a key: `DRAWBRIDGE_PBX__HEALTH__EVERY_SECONDS`. */
const shortVariables: Readonly<
  Record<string, (text: string, origin: string) => readonly Override[]>
> = {
  DRAWBRIDGE_LISTEN: (text, origin) => [listenersFrom(words(text), origin)],
  DRAWBRIDGE_PBX: (text, origin) => [hopsFrom(['pbx', 'nodes'], words(text), origin)],
  DRAWBRIDGE_TRUNK: (text, origin) => [hopsFrom(['trunks'], words(text), origin)],
  DRAWBRIDGE_DRACHTIO: (text, origin) => [serversFrom(words(text), origin)],
  DRAWBRIDGE_REDIS: (text, origin) => [redisFrom(words(text), origin)],
  DRAWBRIDGE_HTTP: httpFrom,
  DRAWBRIDGE_DATA: (value, origin) => [{ path: ['dataDirectory'], value, origin }],
  DRAWBRIDGE_LOG_LEVEL: (value, origin) => [{ path: ['log', 'level'], value, origin }],
};

/** Read elsewhere: the folders to load, and the secrets that the files name. */
const otherVariables = [
  'DRAWBRIDGE_ROUTES',
  'DRAWBRIDGE_POLICIES',
  'DRAWBRIDGE_PBX_SECRET',
  'DRAWBRIDGE_PROGRAMS_SECRET',
  'DRAWBRIDGE_DRACHTIO_SECRET',
  'DRAWBRIDGE_REDIS_PASSWORD',
  'DRAWBRIDGE_REDIS_SENTINEL_PASSWORD',
  'DRAWBRIDGE_CLUSTER_SECRET',
  'DRAWBRIDGE_SMTP_PASSWORD',
];

/** Kubernetes writes these into every container when a service is called drawbridge. */
const notOurs = /^DRAWBRIDGE_(?:PORT|SERVICE)(?:_|$)/;

/** The variables that a tree of settings names as secrets: `${DRAWBRIDGE_APIBAN_KEY}`. */
export function variablesIn(tree: unknown): readonly string[] {
  if (typeof tree === 'string') return /^\$\{(\w+)\}$/.exec(tree)?.slice(1) ?? [];
  return typeof tree === 'object' && tree !== null ? Object.values(tree).flatMap(variablesIn) : [];
}

/** Those variables that set something, as far as they are not named as secrets. */
export const settingsIn = (variables: Environment, secrets: readonly string[]): Environment =>
  Object.fromEntries(
    Object.entries(variables).filter(([name]) => setsSomething(name) && !secrets.includes(name)),
  );

/** The variables with these settings in place of theirs; whatever else they hold stays. */
export const withSettings = (variables: Environment, settings: Environment): Environment => ({
  ...Object.fromEntries(Object.entries(variables).filter(([name]) => !setsSomething(name))),
  ...settings,
});

const setsSomething = (name: string): boolean =>
  name in shortVariables || (isOurs(name) && pathIn(name).ok);

const isOurs = (name: string): boolean =>
  name.startsWith('DRAWBRIDGE_') && !otherVariables.includes(name) && !notOurs.test(name);

const pathIn = (name: string): FoundPath =>
  pathOf(name.slice('DRAWBRIDGE_'.length).split('__'), spelled);

/** What the environment says, besides secrets that files name. A variable set to nothing counts as not set. */
export function fromEnvironment(
  environment: Environment,
  named: readonly string[] = [],
): Overrides {
  const overrides: Override[] = [];
  const problems: Problem[] = [];
  const given = Object.entries(environment)
    .filter(([name, text]) => name.startsWith('DRAWBRIDGE_') && text !== undefined && text !== '')
    .sort(([a], [b]) => a.localeCompare(b));

  for (const [name, text = ''] of given) {
    const short = shortVariables[name];
    if (short) overrides.push(...short(text, name));
  }
  for (const [name, text = ''] of given) {
    if (name in shortVariables || !isOurs(name)) continue;
    const path = pathIn(name);
    if (path.ok) {
      addScalar(path.path, text, name, overrides, problems);
      continue;
    }
    if (named.includes(name)) continue;
    const meant = name.includes('__')
      ? undefined
      : nearMiss(name, [...Object.keys(shortVariables), ...otherVariables]);
    problems.push({
      where: name,
      text: meant ? `unknown variable (did you mean ${meant}?)` : path.text,
    });
  }
  return { overrides, problems };
}

/** Puts the overrides over a tree, in order; the tree itself is not changed. */
export function overlay(tree: unknown, overrides: readonly Override[]): unknown {
  return overrides.reduce((soFar, { path, value }) => replaced(soFar, path, value), tree);
}

function replaced(tree: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (typeof key === 'number') {
    const list: unknown[] = Array.isArray(tree) ? [...tree] : [];
    list[Math.min(key, list.length)] = replaced(list[key], rest, value);
    return list;
  }
  const block: Record<string, unknown> =
    typeof tree === 'object' && tree !== null && !Array.isArray(tree) ? { ...tree } : {};
  block[key] = replaced(block[key], rest, value);
  return block;
}

type FoundPath =
  | { readonly ok: true; readonly path: Path }
  | { readonly ok: false; readonly text: string };

/** The path that a row of names stands for, as far as the schema knows them. */
function pathOf(names: readonly string[], spelling: (key: string) => string): FoundPath {
  const path: (string | number)[] = [];
  for (const name of names) {
    const keys = keysAt(path);
    const key = keys.find((known) => spelling(known) === name);
    if (key !== undefined) {
      path.push(key);
    } else if (namesAt(path) && name !== '' && name !== '__proto__') {
      path.push(name);
    } else if (/^\d{1,4}$/.test(name) && schemaAt([...path, Number(name)]) !== undefined) {
      path.push(Number(name));
    } else {
      const spellings = keys.map(spelling);
      const expected =
        keys.length > 0
          ? `one of ${spellings.join(', ')}`
          : namesAt(path)
            ? 'a name of yours'
            : schemaAt([...path, 0]) === undefined
              ? 'no key below a single value'
              : 'the number of an entry, from 0';
      return {
        ok: false,
        text: mismatch(`the unknown key "${name}"`, expected, nearMiss(name, spellings)),
      };
    }
  }
  return { ok: true, path };
}

function addScalar(
  path: Path,
  text: string,
  origin: string,
  overrides: Override[],
  problems: Problem[],
): void {
  const read = readYamlValue(text);
  if (!read.ok) {
    const expected = 'a value as the files have it';
    problems.push({ where: origin, text: mismatch('a value that is not YAML', expected) });
    return;
  }
  overrides.push({ path, value: read.value, origin });
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

/** `udp:198.51.100.1:5060@trunk=sip.example.com`: realm and advertised host are optional. */
function listenersFrom(texts: readonly string[], origin: string): Override {
  const value = texts.map((text) => {
    const [, listen = text, realm, advertise] =
      /^([^@=]*)(?:@([^=]*))?(?:=(.*))?$/.exec(text) ?? [];
    return {
      listen,
      ...(realm === undefined ? {} : { realm }),
      ...(advertise === undefined ? {} : { advertise }),
    };
  });
  return { path: ['listeners'], value, origin };
}

/** `sip:192.0.2.10`, or with a name in front: `main=sip:192.0.2.10`. */
function hopsFrom(path: Path, texts: readonly string[], origin: string): Override {
  const value = texts.map((text) => {
    const [, name, uri = text] = /^([^:=]+)=(.*)$/s.exec(text) ?? [];
    return name === undefined ? { uri } : { name, uri };
  });
  return { path, value, origin };
}

/** `127.0.0.1:9464`, `[::1]:9464`, or only a port. */
function serversFrom(servers: readonly string[], origin: string): Override {
  return { path: ['drachtio', 'servers'], value: servers, origin };
}

function redisFrom(servers: readonly string[], origin: string): Override {
  return { path: ['cluster', 'redis', 'servers'], value: servers, origin };
}

function httpFrom(text: string, origin: string): readonly Override[] {
  const [, bracketed, plain, port = text] = /^(?:(?:\[(.*)\]|([^:]*)):)?(\d+)$/.exec(text) ?? [];
  const address = bracketed ?? plain;
  const portValue = /^\d+$/.test(port) ? Number(port) : port;
  return [
    ...(address === undefined ? [] : [{ path: ['http', 'address'], value: address, origin }]),
    { path: ['http', 'port'], value: portValue, origin },
  ];
}
