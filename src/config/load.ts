import { hostname } from 'node:os';
import { certificateNotices, certificateProblems } from './certificate-files.ts';
import { type Conflict, compile, type Surroundings } from './compile.ts';
import { countryFileProblem } from './country-file.ts';
import { type Environment, environment } from './environment.ts';
import { explainIssue } from './explain-issue.ts';
import { readHighRiskNumbers } from './high-risk-numbers.ts';
import { listNotices } from './list-notices.ts';
import {
  fromEnvironment,
  fromFlags,
  type Override,
  overlay,
  type SettingsFlags,
  variablesIn,
  withSettings,
} from './overrides.ts';
import { hasIpv6, ownAddresses } from './own-addresses.ts';
import { policyTestProblems, readPolicyTests } from './policy-tests.ts';
import { mismatch, type Problem, showProblem } from './problem.ts';
import {
  type Directories,
  type Drafts,
  type Files,
  fileTree,
  placeInFiles,
  readFolders,
  textInFiles,
} from './read-folders.ts';
import { type SettingsTree, settingsSchema } from './schema.ts';
import type { Path } from './schema-keys.ts';
import type { Settings } from './settings.ts';
import { type Folder, shippedFolders } from './settings-files.ts';
import { withoutWhatIsWrong } from './without-what-is-wrong.ts';
import { isRecord } from './yaml-file.ts';

export type Loaded =
  | {
      readonly ok: true;
      readonly settings: Settings;
      /** The same as written, by the keys that the operator knows; secrets are the variables' names. */
      readonly tree: SettingsTree;
      /** Worth saying at start, but not wrong. */
      readonly notices: readonly string[];
      readonly directories: Directories;
      /** `policies/outbound.yaml:12:3`: where a key stands, or the nearest thing around it, or what set it. */
      locate(path: Path): string;
    }
  | {
      readonly ok: false;
      readonly problems: readonly Problem[];
      readonly directories: Directories;
    };

/** Files, then environment, then flags; checked whole. Every problem is reported, not only the first. */
export function loadSettings(
  flags: SettingsFlags,
  variables: Environment = environment(),
  ipv6 = hasIpv6(),
  addresses = ownAddresses(),
  drafts: Drafts = {},
): Loaded {
  const { directories, files, overrides, problems, tree } = gather(flags, variables, drafts);
  const tests = readPolicyTests(directories.policies);
  const refuse = (more: readonly Problem[]): Loaded => ({
    ok: false,
    problems: eachOnce([...problems, ...more, ...tests.problems]),
    directories,
  });
  const surroundings: Surroundings = {
    ...{ environment: variables, ipv6, addresses },
    hostName: hostname(),
    heldByGate: flags.gate?.names ?? [],
  };
  const placed = (conflicts: readonly Conflict[]): readonly Problem[] =>
    conflicts.map((conflict) => {
      // What was given on the command line is newer than what the files say: blame that.
      const { path, text } =
        conflict.find(({ path }) => originOf(path, files, overrides) !== undefined) ?? conflict[0];
      return { where: whereIs(path, false, files, overrides), key: path.join('.'), text };
    });

  const merged = settingsSchema.safeParse(tree);
  // What flags stand in place of is checked by itself, so that they cannot hide what is wrong with it.
  if (!merged.success || hidesWhatIsWrong(files, overrides)) {
    const written = fileTree(files);
    const ofFiles = overrides.length === 0 ? merged : settingsSchema.safeParse(written);
    const inFiles = problemsOf(ofFiles, written, files, []);
    const wrong = inFiles.length > 0 ? inFiles : problemsOf(merged, tree, files, overrides);
    const rest =
      problems.length > 0 ? undefined : withoutWhatIsWrong(tree, merged.error?.issues ?? []);
    const compiled = rest && compile(rest, surroundings);
    return refuse(compiled?.ok === false ? [...wrong, ...placed(compiled.problems)] : wrong);
  }
  if (problems.length > 0) return refuse([]);

  const compiled = compile(merged.data, surroundings);
  if (!compiled.ok) return refuse(placed(compiled.problems));
  const { tls, programPort, drachtio, cluster } = compiled.settings;
  const locate = (path: Path): string => whereIs(path, false, files, overrides);
  const countries = countryFileProblem(compiled.settings.policy);
  const risky = readHighRiskNumbers(
    compiled.settings.policy.site.highRiskNumbers,
    locate(['site', 'highRiskNumbers']),
  );
  const inNamedFiles = [
    ...certificateProblems(tls, programPort, drachtio, cluster),
    ...(countries === undefined ? [] : [{ path: ['network', 'countryDatabase'], text: countries }]),
  ].map(({ path, text }) => ({ where: locate(path), key: path.join('.'), text }));
  if (inNamedFiles.length + risky.problems.length + tests.problems.length > 0)
    return refuse([...inNamedFiles, ...risky.problems]);
  const settings: Settings = {
    ...compiled.settings,
    policy: { ...compiled.settings.policy, riskyRanges: risky.ranges },
  };
  const broken = policyTestProblems(tests.tests, settings);
  if (broken.length > 0) return refuse(broken);
  const notices = [
    ...compiled.notices,
    ...certificateNotices(tls, programPort),
    ...listNotices(settings.lists),
  ];
  return { ok: true, settings, tree: merged.data, notices, directories, locate };
}

/** What is said twice of one place is one problem. */
function eachOnce(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [showProblem(problem), problem])).values()];
}

/** Only the data directory, even when something else in the settings is wrong: `status` must still work. */
export function findDataDirectory(
  flags: SettingsFlags,
  variables: Environment = environment(),
): string {
  const { tree } = gather(flags, variables);
  const given = isRecord(tree) ? tree.dataDirectory : undefined;
  return typeof given === 'string' && given !== '' ? given : settingsSchema.parse({}).dataDirectory;
}

/** As `loadSettings`, with files as they would be once these drafts are written. */
export const loadDrafts = (flags: SettingsFlags, drafts: Drafts): Loaded =>
  loadSettings(flags, environment(), hasIpv6(), ownAddresses(), drafts);

/** The folders that the environment names. */
export const foldersNamed = (
  { DRAWBRIDGE_ROUTES, DRAWBRIDGE_POLICIES }: Environment = environment(),
): Readonly<Record<Folder, string | undefined>> => ({
  routes: DRAWBRIDGE_ROUTES || undefined,
  policies: DRAWBRIDGE_POLICIES || undefined,
});

/** The folders that are read, whether they are there or not. */
export function foldersInUse(
  flags: SettingsFlags,
  variables: Environment = environment(),
): Directories {
  const named = foldersNamed(variables);
  return {
    routes: flags.routes ?? named.routes ?? shippedFolders.routes,
    policies: flags.policies ?? named.policies ?? shippedFolders.policies,
  };
}

function gather(flags: SettingsFlags, variables: Environment, drafts: Drafts = {}) {
  const directories = foldersInUse(flags, variables);
  const { files, problems } = readFolders(directories, drafts);
  const set = flags.gate?.variables;
  const fromVariables = fromEnvironment(
    set === undefined ? variables : withSettings(variables, set),
    variablesIn(fileTree(files)),
  );
  const fromLine = fromFlags(flags);
  const overrides = [...fromVariables.overrides, ...fromLine.overrides];
  let tree: unknown = fileTree(files);
  const gaps: Problem[] = [];
  for (const override of overrides) {
    const gap = gapBefore(tree, override);
    if (gap) gaps.push(gap);
    else tree = overlay(tree, [override]);
  }
  return {
    directories,
    files,
    overrides,
    problems: [...problems, ...fromVariables.problems, ...fromLine.problems, ...gaps],
    tree,
  };
}

/** An override of an entry beyond the next free one: a slip of the finger, not a way to add one. */
function gapBefore(tree: unknown, { path, origin }: Override): Problem | undefined {
  let at = tree;
  for (const [depth, step] of path.entries()) {
    const length = Array.isArray(at) ? at.length : 0;
    if (typeof step === 'number' && step > length) {
      const expected = length === 0 ? '0' : `0 to ${length}, for there are ${length} in the list`;
      const key = path.slice(0, depth + 1).join('.');
      return { where: origin, key, text: mismatch(`the entry ${step}`, expected) };
    }
    at = typeof at === 'object' && at !== null ? Reflect.get(at, step) : undefined;
  }
  return undefined;
}

/** Is something wrong with what the files say under the keys that something else is said of? */
function hidesWhatIsWrong(files: Files, overrides: readonly Override[]): boolean {
  if (overrides.length === 0) return false;
  const keys = new Set(overrides.map(({ path }) => path[0]));
  const hidden = Object.entries(fileTree(files)).filter(([key]) => keys.has(key));
  return !settingsSchema.safeParse(Object.fromEntries(hidden)).success;
}

type Checked = ReturnType<typeof settingsSchema.safeParse>;

function problemsOf(
  checked: Checked,
  tree: unknown,
  files: Files,
  overrides: readonly Override[],
): readonly Problem[] {
  if (checked.success) return [];
  const asWritten = (path: Path): string | undefined =>
    originOf(path, files, overrides) === undefined ? textInFiles(path, files) : undefined;
  return checked.error.issues
    .flatMap((issue) => explainIssue(issue, { tree, asWritten }))
    .map(({ path, unknownKey, text }) => ({
      where: whereIs(path, unknownKey, files, overrides),
      key: path.join('.'),
      text,
    }));
}

/** The place of a path: the flag or variable it comes from, else where it stands in a file. */
function whereIs(path: Path, isKey: boolean, files: Files, overrides: readonly Override[]): string {
  return originOf(path, files, overrides) ?? placeInFiles(path, isKey, files);
}

/**
 * The flag or variable that last set this path or something around it, or that made the entry the path
 * is in: `--set pbx.nodes.1.weight=2` makes a second node, and its missing URI is not the file's fault.
 */
function originOf(path: Path, files: Files, overrides: readonly Override[]): string | undefined {
  const covers = (outer: Path, inner: Path): boolean =>
    outer.length <= inner.length && outer.every((step, index) => step === inner[index]);
  const set = overrides.findLast((override) => covers(override.path, path));
  if (set) return set.origin;
  const tree = fileTree(files);
  for (let length = 1; length < path.length; length++) {
    const around = path.slice(0, length);
    if (typeof around.at(-1) !== 'number' || isThere(tree, around)) continue;
    return overrides.findLast((override) => covers(around, override.path))?.origin;
  }
  return undefined;
}

function isThere(tree: unknown, path: Path): boolean {
  let at = tree;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return false;
    at = Reflect.get(at, step);
  }
  return true;
}
