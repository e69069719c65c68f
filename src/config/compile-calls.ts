import { numberingPlanOf } from '../numbers/numbering-plan.ts';
import { type Pattern, parsePattern } from '../numbers/pattern.ts';
import type { OutboundRoute } from '../policy/routes.ts';
import type { Conflict } from './compile.ts';
import { mustBe } from './must-be.ts';
import { mismatch } from './problem.ts';
import type { SettingsTree } from './schema.ts';
import type { Path } from './schema-keys.ts';

type Named = Pick<SettingsTree, 'outboundRoutes' | 'times' | 'pins' | 'extensions' | 'site'>;

/** Holds outbound routes, times, PINs and extensions against each other: each may name only what there is. */
export function checkCalls(
  tree: Named,
  trunks: readonly { readonly name: string }[],
  problems: Conflict[],
  notices: string[],
): void {
  const { outboundRoutes: routes, times, pins, extensions, site } = tree;
  const known = {
    trunk: trunks.map(({ name }) => name),
    time: Object.keys(times),
    PIN: Object.keys(pins),
    group: Object.keys(extensions.groups),
    route: routes.map(({ name }) => name),
  };
  const expect = (kind: keyof typeof known, names: readonly string[], path: Path): void => {
    for (const [index, name] of names.entries())
      mustBe(name, known[kind], kind, [...path, index], problems);
  };
  for (const [index, route] of routes.entries()) {
    const path = ['outboundRoutes', index];
    if (known.route.indexOf(route.name) !== index) {
      const text = mismatch(`a second route called "${route.name}"`, 'a name of its own for each');
      problems.push([{ path: [...path, 'name'], text }]);
    }
    expect('trunk', route.trunks, [...path, 'trunks']);
    expect('group', route.groups, [...path, 'groups']);
    expect('time', route.times, [...path, 'times']);
    if (route.pin !== null && route.pin !== 'any') expect('PIN', route.pin, [...path, 'pin']);
    const shortest = Math.min(...route.patterns.map((text) => shortestOf(patternOf(text))));
    if (route.strip > shortest) {
      const expected = `at most ${shortest}: a pattern takes numbers as short as that`;
      problems.push([{ path: [...path, 'strip'], text: mismatch(String(route.strip), expected) }]);
    }
    if (route.pin !== null && site.dialPlan.pinSeparator === null)
      notices.push(
        `route ${route.name} asks for a PIN, but site.dialPlan.pinSeparator is null: nobody can dial one`,
      );
    notices.push(...stripsUnnamed(route), ...neverReached(routes, index));
    notices.push(...goneAround(routes, index, prefixesAbroad(site)));
  }
  if (readsSeveralPrefixes(site))
    notices.push(
      `in site.homeCountry ${site.homeCountry} a carrier is chosen by what is dialled before a number abroad, and 00 1 … may be 001 …: a number that may be two is refused until site.dialPlan.internationalPrefixes says which your carriers take: ["00"], ["001"]`,
    );
  if (routes.some(({ pin }) => pin === 'any') && known.PIN.length === 0)
    notices.push('a route asks for any PIN, but policies/pins.yaml has none: drawbridge pin add');

  for (const [name, pin] of Object.entries(pins))
    expect('route', pin.routes, ['pins', name, 'routes']);
  expect('time', extensions.defaults.times ?? [], ['extensions', 'defaults', 'times']);
  for (const section of ['groups', 'list'] as const)
    for (const [name, profile] of Object.entries(extensions[section]))
      expect('time', profile.times ?? [], ['extensions', section, name, 'times']);
}

/** What is stripped beyond the digits that a pattern names may be any: +43 would leave as +3 where `+.` loses two. */
const stripsUnnamed = ({ name, patterns, strip }: OutboundRoute): readonly string[] =>
  patterns
    .filter((text) => strip > patternOf(text).positions.length)
    .map(
      (text) =>
        `route ${name}: strip ${strip} takes more off than "${text}" names, and what is called is another number than what was judged`,
    );

/** Patterns of a route that an earlier one, which serves everybody at all times, leaves nothing to. */
function neverReached(routes: readonly OutboundRoute[], index: number): readonly string[] {
  const route = routes[index];
  if (route === undefined) return [];
  const before = routes
    .slice(0, index)
    .filter(
      ({ extensions, groups, times }) =>
        extensions.length === 0 && groups.length === 0 && times.length === 0,
    );
  return route.patterns.flatMap((text) => {
    const pattern = patternOf(text);
    for (const { name, patterns } of before) {
      const taker = patterns.find((other) => covers(patternOf(other), pattern));
      if (taker !== undefined)
        return [
          `route ${route.name}: "${text}" is never reached, "${taker}" of ${name} comes first`,
        ];
    }
    return [];
  });
}

/** In Hong Kong 001 chooses a carrier, and to many carriers 00 is the prefix. */
function readsSeveralPrefixes({ homeCountry, dialPlan }: Named['site']): boolean {
  if (homeCountry === null || dialPlan.internationalPrefixes !== null) return false;
  const home = numberingPlanOf(homeCountry);
  const prefix = home?.internationalPrefix;
  return prefix !== undefined && home?.abroadWhole.test(`${prefix}1`) === true;
}

function prefixesAbroad({ homeCountry, dialPlan }: Named['site']): readonly string[] {
  const home = homeCountry === null ? undefined : numberingPlanOf(homeCountry);
  const own = home === undefined ? ['00', '011'] : [home.internationalPrefix ?? ''];
  return (dialPlan.internationalPrefixes ?? own).filter((prefix) => prefix !== '');
}

/** A number abroad that is dialled without any prefix, as carriers and some PBXs write it: 44 20 7946 0123. */
const WITHOUT_PREFIX = 'ZXXXXXXXX.';

/**
 * Patterns for calls abroad that go by the prefix they are dialled with, of a route that asks for something: without that
 * prefix they are calls abroad all the same, and a later route takes them.
 */
function goneAround(
  routes: readonly OutboundRoute[],
  index: number,
  prefixes: readonly string[],
): readonly string[] {
  const [route, ...later] = routes.slice(index);
  if (route === undefined || asksFor(route) === NOTHING) return [];
  const byPrefix = route.patterns.flatMap((text) => {
    const prefix = prefixes.find((one) => text.startsWith(one));
    return prefix === undefined ? [] : [{ text, prefix, inE164: `+${text.slice(prefix.length)}` }];
  });
  return byPrefix.flatMap(({ text, prefix, inE164 }) => {
    for (const { name, patterns, ...asked } of [route, ...later]) {
      const takes = (number: string) =>
        patterns.find((other) => covers(patternOf(other), patternOf(number)));
      const inAnyCase = takes(inE164);
      const taker = inAnyCase ?? takes(WITHOUT_PREFIX);
      if (taker !== undefined && asksFor(asked) === NOTHING)
        return [
          `route ${name}: "${taker}" takes calls abroad that are dialled without ${prefix} (44… for ${prefix}44…), past what route ${route.name} asks for: "${inE164}" in place of "${text}" there takes all of them`,
        ];
      if (inAnyCase !== undefined) return [];
    }
    return [];
  });
}

type Asked = Pick<OutboundRoute, 'extensions' | 'groups' | 'times' | 'pin'>;

/** Whom a route serves, when, and by which PIN, to be compared. */
const asksFor = ({ extensions, groups, times, pin }: Asked): string =>
  JSON.stringify([extensions, groups, times, pin]);
const NOTHING = asksFor({ extensions: [], groups: [], times: [], pin: null });

/** The schema has let through only what can be read. */
function patternOf(text: string): Pattern {
  const read = parsePattern(text);
  return read.ok ? read.pattern : { positions: [], tail: 'none' };
}

const shortestOf = ({ positions, tail }: Pattern): number =>
  positions.length + (tail === 'one-or-more' ? 1 : 0);

/** Does one take every number that the other takes? */
function covers(one: Pattern, other: Pattern): boolean {
  if (shortestOf(other) < shortestOf(one)) return false;
  if (one.tail === 'none' && (other.tail !== 'none' || shortestOf(other) > shortestOf(one)))
    return false;
  // what a tail takes is anything: no named position covers that
  return one.positions.every((symbols, at) => {
    const others = other.positions[at];
    return others !== undefined && (others & ~symbols) === 0;
  });
}
