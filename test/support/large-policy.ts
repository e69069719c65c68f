import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shippedFolders } from '../../src/config/settings-files.ts';

/** A site as large as it is meant to bear. */
export const largeSite = {
  extensions: 10_000,
  groups: 200,
  patterns: 1000,
  blockedAddresses: 5000,
} as const;

export interface LargePolicy {
  /** The name of the extension with this place in the list. */
  readonly extension?: (index: number) => string;
  /** `devices` of each extension. */
  readonly devices?: number;
}

/** Writes a whole `policies` folder for a site of that size. */
export function writeLargePolicy(folder: string, policy: LargePolicy = {}): void {
  cpSync(shippedFolders.policies, folder, { recursive: true });
  for (const [name, text] of Object.entries(largePolicy(policy)))
    writeFileSync(join(folder, name), text);
}

/** The files of `policies/` in which it differs from those shipped. */
export function largePolicy({
  extension = (index) => String(10_000 + index),
  devices = 2,
}: LargePolicy = {}): Readonly<Record<string, string>> {
  const { extensions, groups, patterns, blockedAddresses } = largeSite;
  const blocked = count(patterns).map((index) => `"+${100_000 + index}."`);
  const addresses = count(blockedAddresses).map(blockedAddress);
  return {
    'network.yaml': shippedWith('network.yaml', 'sources', addresses),
    'outbound.yaml': shippedWith('outbound.yaml', 'blocked', blocked),
    'extensions.yaml': [
      'extensions:\n  unlisted: refuse\n  groups:\n',
      ...count(groups).map(
        (index) =>
          `    group${index}:\n      countries: [AT, CH, FR]\n      concurrentCalls: ${1 + (index % 9)}\n`,
      ),
      '  list:\n',
      ...count(extensions).map(
        (index) =>
          `    ${extension(index)}:\n      groups: [group${index % groups}]\n      registerName: user${index}\n      devices: ${devices}\n      permittedIps: [127.0.0.0/8, 192.0.2.0/24]\n`,
      ),
    ].join(''),
  };
}

/** One of those it blocks: loopback addresses, so that a test can send from them. */
export const blockedAddress = (index: number): string => `127.240.${index >> 8}.${index & 255}`;

const count = (many: number): readonly number[] =>
  Array.from({ length: many }, (_, index) => index);

/** The shipped file with entries in a list that it has empty. */
function shippedWith(file: string, key: string, entries: readonly string[]): string {
  const shipped = readFileSync(join(shippedFolders.policies, file), 'utf8');
  const filled = shipped.replace(`\n    ${key}: []`, `\n    ${key}: [${entries.join(', ')}]`);
  if (filled === shipped) throw new Error(`policies/${file} has no empty ${key}`);
  return filled;
}
