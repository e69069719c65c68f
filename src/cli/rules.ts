import { type RuleMode, ruleModes } from '../policy/rule-modes.ts';
import type { Command } from './command.ts';
import { goodSettings } from './good-settings.ts';
import { harmless, printFound, styled, table } from './output.ts';
import { placeFlags, settingsFlags } from './settings-flags.ts';

export const rules: Command = {
  name: 'rules',
  summary: 'every rule in the order in which they are asked, with its mode and where that is set',
  mostOperands: 0,
  asTheGateRuns: true,
  flags: {
    ...placeFlags,
    set: settingsFlags.set,
    json: { type: 'boolean', help: 'one JSON object, for programs' },
  },
  details:
    'The first that refuses decides; emergency calls meet none. A rule in shadow judges and counts, and lets through:\n' +
    'status says how often it would have refused.',
  async run(given) {
    const loaded = goodSettings(given);
    const modes = ruleModes(loaded.settings.policy);
    const { locate } = loaded;
    printFound(
      given,
      modes.map((rule) => ({ ...rule, where: locate(rule.setting) })),
      () => table(modes.flatMap((rule) => rowsOf(rule, locate))),
    );
    return 0;
  },
};

type Locate = (path: readonly (string | number)[]) => string;

function rowsOf(rule: RuleMode, locate: Locate): readonly (readonly string[])[] {
  const { stage, name, requirement, summary, mode, setting, own } = rule;
  return [
    [stage, name, requirement, showMode(mode), locate(setting), summary],
    ...own.map(({ mode: other, setting: where }) => [
      '',
      '',
      '',
      showMode(other),
      locate(where),
      harmless(`for ${where.slice(1, -2).join(' ')}`),
    ]),
  ];
}

const showMode = (mode: RuleMode['mode']): string =>
  styled(mode === 'on' ? 'green' : mode === 'shadow' ? 'yellow' : 'gray', mode);
