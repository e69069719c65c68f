import { expect, test } from 'vitest';
import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { joinSettings, sliceSettings } from './sliced-settings.ts';

function settingsWith(extensions: number): Settings {
  const loaded = loadSettings({}, {}, true);
  if (!loaded.ok) throw new Error('the settings that ship are wrong');
  const { settings } = loaded;
  const list = Object.fromEntries(
    Array.from({ length: extensions }, (_, index) => [
      `${10_000 + index}`,
      { groups: [], registerName: `user${index}`, permittedIps: ['192.0.2.0/24'] },
    ]),
  );
  const policy = { ...settings.policy, extensions: { ...settings.policy.extensions, list } };
  return { ...settings, policy };
}

test.each([0, 1, 200, 201, 10_000])('%d extensions arrive as they were', async (count) => {
  const settings = settingsWith(count);
  const sliced = structuredClone(sliceSettings(settings));
  expect(await joinSettings(sliced)).toEqual(settings);
});

test('what is sent at once stays small, whatever the number of extensions', () => {
  const { settings, extensions } = sliceSettings(settingsWith(10_000));
  expect(settings.policy.extensions.list).toEqual({});
  expect(Math.max(...extensions.map(({ byteLength }) => byteLength))).toBeLessThan(30_000);
});

test('between the slices something else may be done', async () => {
  let turns = 0;
  let joined = false;
  const takeTurns = (): void => {
    turns++;
    if (!joined) setImmediate(takeTurns);
  };
  setImmediate(takeTurns);
  await joinSettings(sliceSettings(settingsWith(10_000)));
  joined = true;
  expect(turns).toBeGreaterThanOrEqual(50);
});
