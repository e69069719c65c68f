import { compilePatterns } from '../numbers/pattern.ts';
import { readInstant } from '../policy/asking/instant.ts';
import { sectionOf } from '../policy/policy-settings.ts';
import { rulesOf, stages } from '../policy/registry.ts';
import type { Conflict } from './compile.ts';
import { hopOf } from './forms.ts';
import { mustBe } from './must-be.ts';
import { mismatch, showFound } from './problem.ts';
import type { SettingsTree } from './schema.ts';
import type { Path } from './schema-keys.ts';

/** What is named in the policy, but is nowhere; and what is there without an effect. */
export function checkPolicy(tree: SettingsTree, problems: Conflict[], notices: string[]): void {
  checkGroups(tree, problems);
  checkRuleNames(tree, problems);
  checkNamesInRules(tree, problems);
  checkExceptions(tree, problems, notices);
  noticeUndiallable(tree, notices);
}

function checkGroups({ extensions: { groups, list } }: SettingsTree, problems: Conflict[]): void {
  const names = Object.keys(groups);
  const known = new Set(names);
  for (const [extension, { groups: own }] of Object.entries(list))
    for (const [index, name] of own.entries())
      if (!known.has(name))
        mustBe(name, names, 'group', ['extensions', 'list', extension, 'groups', index], problems);
}

const ruleNames = stages.flatMap((stage) => rulesOf[stage].map(({ name }) => name));

const networkRules = [...rulesOf.packet, ...rulesOf.broken, ...rulesOf.network].map(
  ({ name }) => name,
);

function checkRuleNames({ extensions }: SettingsTree, problems: Conflict[]): void {
  const { defaults, groups, list } = extensions;
  const check = (rules: object | undefined, path: Path): void => {
    for (const name of Object.keys(rules ?? {}))
      mustBe(name, ruleNames, 'rule', ['extensions', ...path, 'rules', name], problems);
  };
  check(defaults.rules, ['defaults']);
  for (const [name, { rules }] of Object.entries(groups)) check(rules, ['groups', name]);
  for (const [name, { rules }] of Object.entries(list)) check(rules, ['list', name]);
}

const sections = [...new Set(Object.values(sectionOf))];

/** Groups, routes and trunks that the options of a rule name, in lists or as keys. */
function checkNamesInRules(tree: SettingsTree, problems: Conflict[]): void {
  const known: Readonly<Record<string, readonly string[]>> = {
    groups: Object.keys(tree.extensions.groups),
    routes: tree.outboundRoutes.map(({ name }) => name),
    trunks: tree.trunks.map(({ name, uri }) => name ?? hopOf(uri)),
  };
  const check = (value: unknown, path: Path): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const names = known[key];
      if (names === undefined) check(inner, [...path, Array.isArray(value) ? Number(key) : key]);
      else if (typeof inner === 'object' && inner !== null)
        for (const [at, name] of Array.isArray(inner)
          ? inner.entries()
          : Object.keys(inner).map((one) => [one, one] as const))
          mustBe(String(name), names, key.slice(0, -1), [...path, key, at], problems);
    }
  };
  for (const section of sections) check(tree[section], [section]);
}

function checkExceptions(
  { exceptions, extensions, site }: SettingsTree,
  problems: Conflict[],
  notices: string[],
): void {
  for (const [name, { rule, group, extension, source, until }] of Object.entries(exceptions)) {
    mustBe(rule, ruleNames, 'rule', ['exceptions', name, 'rule'], problems);
    if (group !== undefined)
      mustBe(
        group,
        Object.keys(extensions.groups),
        'group',
        ['exceptions', name, 'group'],
        problems,
      );
    if (source === undefined && networkRules.includes(rule)) {
      const text = mismatch(
        'no source',
        `one: ${rule} is asked when nobody knows yet who it is, and anybody can claim to be an extension`,
      );
      problems.push([{ path: ['exceptions', name, 'rule'], text }]);
    }
    const ends = readInstant(until, site.timeZone);
    if (ends === undefined) {
      const text = mismatch(showFound(until), 'a moment such as 2026-12-01 18:00');
      problems.push([{ path: ['exceptions', name, 'until'], text }]);
    } else if (ends < Date.now()) notices.push(`the exception ${name} ended at ${until}`);
    if (
      extension !== undefined &&
      extensions.unlisted === 'refuse' &&
      !Object.hasOwn(extensions.list, extension)
    ) {
      const text = mismatch(
        `${extension}, which is in no list`,
        'an extension of extensions.list: others are refused',
      );
      problems.push([{ path: ['exceptions', name, 'extension'], text }]);
    }
  }
}

/** An extension by a number that the dial plan takes for one outside cannot be called by its rules. */
function noticeUndiallable({ extensions, site }: SettingsTree, notices: string[]): void {
  const inside = compilePatterns(site.dialPlan.extensions);
  const outside = Object.keys(extensions.list).filter(
    (name) => /^\d+$/.test(name) && inside.match(name) === undefined,
  );
  const [first] = outside;
  if (first === undefined) return;
  const more = outside.length === 1 ? '' : ` and ${outside.length - 1} more`;
  notices.push(
    `extension ${first}${more} is no extension by site.dialPlan.extensions: a call to it is one to the outside`,
  );
}
