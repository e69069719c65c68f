import { readPolicyTests } from '../config/policy-tests.ts';
import { shown } from '../config/read-folders.ts';
import type { Command } from './command.ts';
import { goodSettings } from './good-settings.ts';
import { counted, print, styled } from './output.ts';
import { placeFlags, settingsFlags } from './settings-flags.ts';

export const test: Command = {
  name: 'test',
  summary: 'hold the policy against what policies/tests/*.yaml expect of it',
  mostOperands: 0,
  asTheGateRuns: true,
  flags: { ...placeFlags, set: settingsFlags.set },
  details:
    'Each test asks what `explain` is asked, and says what is expected: pass, or a reason.\n\n' +
    'tests:\n' +
    '  - name: nobody calls North Korea\n' +
    '    invite: "0085023811"\n' +
    '    as: "1001"\n' +
    '    expect: country-not-allowed\n\n' +
    'check, run and a reload refuse a policy that breaks one. Without `at` it is a Wednesday at noon; exceptions are\n' +
    'left out, since they end.',
  async run(given) {
    const loaded = goodSettings(given);
    const { tests } = readPolicyTests(loaded.directories.policies);
    print(
      tests.length === 0
        ? `${styled('yellow', 'none')}  there is no ${shown(loaded.directories.policies)}/tests/*.yaml`
        : `${styled('green', 'good')}  ${counted(tests.length, 'test')}`,
    );
    return 0;
  },
};
