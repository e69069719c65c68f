import { about, type Examined, type Finding } from '../doctor/finding.ts';
import { stealth } from '../policy/rules/network/stealth.ts';
import { settingsOf } from '../policy/settings-of.ts';
import { modeOf } from './mode-of.ts';

const hidden = about('stealth');

/** What do strangers learn? */
export function checkStealth({ settings }: Examined): readonly Finding[] {
  const { policy } = settings;
  const { domains } = settingsOf(policy, stealth);
  const { hide } = settings.topology;
  const shown = (['headers', 'via', 'contact'] as const).filter((one) => !hide.includes(one));
  const findings: Finding[] = [];
  for (const [rule, what] of [
    ['stealth', 'strangers learn that SIP is spoken here'],
    ['no-enumeration', 'strangers learn which extensions there are'],
    ['scanners', 'known scanners are answered'],
  ] as const) {
    const { mode, setting } = modeOf(policy, rule);
    if (mode !== 'on')
      findings.push(hidden.bad(`${what}: ${rule} is ${mode}`, `set ${setting} to on`));
  }
  if (findings.length === 0) findings.push(hidden.ok('to strangers the gate does not exist'));
  if (domains.length === 0)
    findings.push(
      hidden.warn(
        'strangers who register at any name are asked for a password',
        'name your own in network.stealth.domains: others meet with silence',
      ),
    );
  if (shown.length > 0)
    findings.push(
      hidden.warn(
        `phones and carriers see of the PBX: ${shown.join(', ')}`,
        'add it to topology.hide (routes/pbx.yaml)',
      ),
    );
  return findings;
}
