import { readFileSync } from 'node:fs';

const folder = new URL('rfc4475/', import.meta.url);

/** A message of RFC 4475 and what becomes of it; the columns are explained in `rfc4475/README.md`. */
export interface TortureMessage {
  readonly name: string;
  readonly section: string;
  readonly verdict: string;
  readonly udp: readonly string[];
  readonly tcp: readonly string[];
  readonly asks: string;
  /** One character per byte. */
  readonly wire: string;
}

const readBytes = (file: string): Buffer => readFileSync(new URL(file, folder));

export const tortureMessages: readonly TortureMessage[] = readBytes('expectations.tsv')
  .toString('utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((row) => {
    const [name = '', section = '', verdict = '', udp = '', tcp = '', asks = ''] = row.split('\t');
    return {
      ...{ name, section, verdict, asks },
      udp: udp.split(','),
      tcp: (tcp === '=' ? udp : tcp).split(','),
      wire: readBytes(`${name}.dat`).toString('latin1'),
    };
  });

/** Lines of `SHA256SUMS`: the checksum, and the file it is of. */
export const checksums: readonly (readonly [file: string, sum: string])[] = readBytes('SHA256SUMS')
  .toString('utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const [sum = '', file = ''] = line.split(/\s+/);
    return [file, sum];
  });
