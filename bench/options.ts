import { parseArgs } from 'node:util';
import { reasonOf } from '../src/config/reason-of.ts';

export const measures = [
  'register',
  'call',
  'in-dialog',
  'overload',
  'tls',
  'held',
  'soak',
] as const;
export type Measure = (typeof measures)[number];

/**
 * What can be measured in turn with the gate: Debian's Kamailio; the gate over the drachtio protocol, two processes; the
 * same on a drachtio-server; the gate with its rules off; the gate with the policy of a large site.
 */
export const besides = [
  'kamailio',
  'adapter',
  'drachtio-server',
  'rules-off',
  'large-policy',
] as const;
export type Beside = (typeof besides)[number];

export interface Options {
  readonly only: readonly Measure[];
  readonly beside: readonly Beside[];
  /** How long each run lasts. */
  readonly seconds: number;
  /** How often each run is done; figures are medians. */
  readonly repeats: number;
  /** What others on the machine may use, in CPUs, before a run is done again. */
  readonly foreign: number;
  /** The soak's size: 1 is a million REGISTERs and 200,000 calls. */
  readonly scale: number;
  readonly edgeCommand: string | undefined;
  /** The drachtio-server to measure, as one would call it. */
  readonly drachtioProgram: string;
  readonly results: string | undefined;
}

export type Asked =
  | { readonly kind: 'run'; readonly options: Options }
  | { readonly kind: 'help' }
  | { readonly kind: 'refused'; readonly problem: string };

export const usage = `npm run bench -- [options]

  --beside LIST        of kamailio (Debian's), adapter (the gate over the drachtio protocol), drachtio-server (the gate
                       on one that you have), rules-off (the gate with its rules off) and large-policy (with 10,000
                       extensions, 200 groups, 1,000 patterns and 5,000 blocked addresses): measure these in turn with
                       the gate, and write the ratios to bench/RESULTS.md
  --only LIST          of ${measures.join(', ')}; default: all but soak
  --seconds N          how long each run lasts; default 5
  --repeats N          how often each run is done, figures are medians; default 5
  --foreign CPUS       a run is done again when others used more than this; default 0.2
  --scale N            size of soak: 1 is a million REGISTERs and 200,000 calls; default 1
  --results FILE       where to write the figures; default bench/RESULTS.md with --beside, else nowhere
  --edge-command TEXT  measure another program in place of the gate; {udp}, {tls}, {pbx} and {http} become
                       host:port, {data} a folder
  --drachtio-program FILE  the drachtio-server to measure; default drachtio, wherever PATH has it
  --help
`;

/** What the command line asks for. */
export function parseOptions(argv: readonly string[]): Asked {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        beside: { type: 'string' },
        only: { type: 'string' },
        seconds: { type: 'string', default: '5' },
        repeats: { type: 'string', default: '5' },
        foreign: { type: 'string', default: '0.2' },
        scale: { type: 'string', default: '1' },
        results: { type: 'string' },
        'edge-command': { type: 'string' },
        'drachtio-program': { type: 'string', default: 'drachtio' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const beside = besideFrom(values.beside);
    return {
      kind: 'run',
      options: {
        only: onlyFrom(values.only),
        beside,
        seconds: numberFrom('--seconds', values.seconds, 0.5, 600),
        repeats: Math.trunc(numberFrom('--repeats', values.repeats, 1, 100)),
        foreign: numberFrom('--foreign', values.foreign, 0, 1000),
        scale: numberFrom('--scale', values.scale, 0.001, 10),
        edgeCommand: values['edge-command'],
        drachtioProgram: values['drachtio-program'],
        results: values.results ?? (beside.length > 0 ? 'bench/RESULTS.md' : undefined),
      },
    };
  } catch (problem) {
    return {
      kind: 'refused',
      problem: reasonOf(problem),
    };
  }
}

function besideFrom(text: string | undefined): readonly Beside[] {
  return text === undefined ? [] : listed('--beside', text, besides);
}

function onlyFrom(text: string | undefined): readonly Measure[] {
  if (text === undefined) return measures.filter((measure) => measure !== 'soak');
  return listed('--only', text, measures);
}

function listed<Word extends string>(
  option: string,
  text: string,
  known: readonly Word[],
): readonly Word[] {
  return text.split(',').map((word) => {
    const found = known.find((one) => one === word.trim());
    if (!found) throw new Error(`${option} ${word}: not one of ${known.join(', ')}`);
    return found;
  });
}

function numberFrom(option: string, text: string, least: number, most: number): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (number >= least && number <= most) return number;
  throw new Error(`${option} ${text}: not a number from ${least} to ${most}`);
}
