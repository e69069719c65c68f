import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { aSource } from '../../test/support/some-facts.ts';
import { chooseRoute } from './choose-route.ts';
import { Policy } from './policy.ts';
import { policySchema } from './policy-settings.ts';

const golden = (name: string): string =>
  readFileSync(new URL(`../../test/golden/${name}`, import.meta.url), 'utf8');
const { site } = new Policy(policySchema.parse(parse(golden('office-routes.yaml'))));
const lines = golden('office-routes.txt')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

/** A route that fits and is not for the caller, or not now, has a `!`. */
test.each(lines)('%s', (line) => {
  const [dialled = '', extension = '', day = '', clock = '', ...expected] = line.split(/\s+/);
  const at = Date.parse(`${day}T${clock}Z`);
  const profile = site.extensions.profileOf(extension);
  const call = { dialled: site.readDialled(dialled), extension, profile, at, source: aSource() };
  const chosen = chooseRoute(call, site);
  if (chosen === undefined) {
    expect(['-', '-', '-']).toEqual(expected);
    return;
  }
  const { route, number } = chosen;
  const serves = site.routes.serves(route, extension, profile) && site.routes.isOpen(route, at);
  expect([`${route.name}${serves ? '' : '!'}`, route.trunks.join(','), number]).toEqual(expected);
});
