import type { Extensions } from './extensions.ts';
import type { RequestFacts } from './facts.ts';
import type { Rule } from './rule.ts';
import { SourceRangeCache } from './source-ranges.ts';
import { pass, type Refused } from './verdict.ts';

/** R3, for registrations and for calls: the source must be in one of the extension's addresses or networks. */
export function permittedSource(extensions: Extensions, refusal: Refused): Rule<RequestFacts> {
  const ranges = new SourceRangeCache();
  return {
    judge: ({ profile: { permittedIps }, source }) =>
      permittedIps === undefined || ranges.of(permittedIps).has(source.address) ? pass : refusal,
    explain({ extension, profile: { permittedIps }, source }) {
      if (permittedIps === undefined) return { saw: `source ${source.address}, any is good` };
      return {
        saw: `source ${source.address}, permitted ${permittedIps.join(' ')}`,
        setting: extensions.whereSet(extension, 'permittedIps'),
        flip: `add ${source.address} to the permitted addresses`,
      };
    },
  };
}
