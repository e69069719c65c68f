import { about, type Examined, type Finding } from '../doctor/finding.ts';
import { modeOf } from './mode-of.ts';

const stealth = about('stealth');

/** What do strangers learn? */
export function checkStealth({ settings }: Examined): readonly Finding[] {
  const { policy } = settings;
  const rules: Readonly<Record<string, unknown>> = policy.network;
  const { domains } = rules.stealth as { readonly domains: readonly string[] };
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
      findings.push(stealth.bad(`${what}: ${rule} is ${mode}`, `set ${setting} to on`));
  }
  if (findings.length === 0) findings.push(stealth.ok('to strangers the gate does not exist'));
  if (domains.length === 0)
    findings.push(
      stealth.warn(
        'strangers who register at any name are asked for a password',
        'name your own in network.stealth.domains: others meet with silence',
      ),
    );
  if (shown.length > 0)
    findings.push(
      stealth.warn(
        `phones and carriers see of the PBX: ${shown.join(', ')}`,
        'add it to topology.hide (routes/pbx.yaml)',
      ),
    );
  return findings;
}
