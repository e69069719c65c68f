import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shippedFolders } from '../../src/config/settings-files.ts';

export interface LargePolicy {
  readonly extensions: number;
  readonly groups: number;
  readonly patterns: number;
  readonly blockedAddresses: number;
}

/** A site as large as it is meant to bear: the files of `policies/` that differ from those shipped. */
export function largePolicy(
  { extensions, groups, patterns, blockedAddresses }: LargePolicy,
  devices = 2,
): Readonly<Record<string, string>> {
  const shipped = (name: string): string =>
    readFileSync(join(shippedFolders.policies, name), 'utf8');
  const count = (many: number) => Array.from({ length: many }, (_, index) => index);
  const blocked = count(patterns).map((index) => `"+${100_000 + index}."`);
  const addresses = count(blockedAddresses).map((index) => `198.18.${index >> 8}.${index & 255}`);
  return {
    'network.yaml': shipped('network.yaml').replace(
      '    sources: []',
      `    sources: [${addresses.join(', ')}]`,
    ),
    'outbound.yaml': shipped('outbound.yaml').replace(
      'blocked: []',
      `blocked: [${blocked.join(', ')}]`,
    ),
    'extensions.yaml': [
      'extensions:\n  unlisted: refuse\n  groups:\n',
      ...count(groups).map(
        (index) =>
          `    group${index}:\n      countries: [AT, CH, FR]\n      concurrentCalls: ${1 + (index % 9)}\n`,
      ),
      '  list:\n',
      ...count(extensions).map(
        (index) =>
          `    ${10_000 + index}:\n      groups: [group${index % groups}]\n      registerName: user${index}\n      devices: ${devices}\n      permittedIps: [127.0.0.0/8, 192.0.2.0/24]\n`,
      ),
    ].join(''),
  };
}
