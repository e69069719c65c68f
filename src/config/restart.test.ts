import { expect, test } from 'vitest';
import { loadSettings } from './load.ts';
import { planReload } from './restart.ts';
import type { Settings } from './settings.ts';

function settingsWith(...set: string[]): Settings {
  const loaded = loadSettings({ set }, {}, true);
  if (!loaded.ok) throw new Error('these settings are wrong');
  return loaded.settings;
}

test('nothing changed: nothing to do', () => {
  expect(planReload(settingsWith(), settingsWith())).toEqual({
    settings: settingsWith(),
    changed: [],
    waiting: [],
  });
});

test('what can change now does', () => {
  const wanted = settingsWith(
    'pbx.health.everySeconds=9',
    'log.level=warn',
    'log.format=json',
    'calls.ringSeconds=300',
    'drain.retryAfterSeconds=9',
  );
  const plan = planReload(settingsWith(), wanted);
  expect(plan.changed).toEqual(['log', 'drain', 'pbx', 'calls']);
  expect(plan.waiting).toEqual([]);
  expect(plan.settings).toEqual(wanted);
});

test('what needs a restart keeps its running value and is named, with the reason', () => {
  const running = settingsWith();
  const plan = planReload(
    running,
    settingsWith('http.port=1', 'limits.calls=99', 'drain.deadlineSeconds=9'),
  );
  expect(plan.waiting.map(({ key }) => key)).toEqual(['limits', 'http']);
  expect(plan.waiting.every(({ why }) => why !== '')).toBe(true);
  expect(plan.changed).toEqual(['drain']);
  expect(plan.settings).toEqual({ ...running, drain: { ...running.drain, deadlineSeconds: 9 } });
});
