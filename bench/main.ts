import { reasonOf } from '../src/config/reason-of.ts';
import type { Bench } from './bench.ts';
import { PHONE_SOCKETS } from './bench.ts';
import type { EdgeKind } from './edges/edge.ts';
import { freeUdpPorts } from './edges/free-port.ts';
import {
  gate,
  gateOfLargeSite,
  gateOnDrachtioServer,
  gateOverDrachtio,
  gateWithoutRules,
} from './edges/gate.ts';
import { kamailio } from './edges/kamailio.ts';
import { buildLoadGenerator } from './load-generator.ts';
import { howMeasured } from './machine.ts';
import { measureHeld } from './measures/held.ts';
import { calling, registering, withinCalls } from './measures/loads.ts';
import { measureOverload } from './measures/overload.ts';
import { measureSoak } from './measures/soak.ts';
import { measureThroughput } from './measures/throughput.ts';
import { measureTls } from './measures/tls.ts';
import { type Beside, type Measure, type Options, parseOptions, usage } from './options.ts';
import { formatReport, type Measured } from './report.ts';
import { writeSection } from './results-file.ts';

const run: Readonly<Record<Measure, (bench: Bench) => Promise<Measured>>> = {
  register: (bench) => measureThroughput(bench, registering),
  call: (bench) => measureThroughput(bench, calling),
  'in-dialog': (bench) => measureThroughput(bench, withinCalls),
  overload: measureOverload,
  tls: measureTls,
  held: measureHeld,
  soak: measureSoak,
};

const besideOurs: Readonly<Record<Beside, (options: Options) => EdgeKind>> = {
  kamailio: () => kamailio(),
  adapter: gateOverDrachtio,
  'drachtio-server': ({ drachtioProgram }) => gateOnDrachtioServer(drachtioProgram),
  'rules-off': gateWithoutRules,
  'large-policy': gateOfLargeSite,
};

async function measureAll(options: Options): Promise<number> {
  const generator = buildLoadGenerator();
  const kinds = [
    gate(options.edgeCommand),
    ...options.beside.map((name) => besideOurs[name](options)),
  ];
  let warnings: string[] = [];
  const bench: Bench = {
    options,
    generator,
    kinds,
    phones: await freeUdpPorts(PHONE_SOCKETS + 1),
    tell: (text) => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`),
    warn(text) {
      warnings.push(text);
      bench.tell(`CAREFUL: ${text}`);
    },
  };

  const edges = kinds.map(({ name }) => name);
  for (const measure of options.only) {
    warnings = [];
    const measured = await run[measure](bench);
    const how = howMeasured(options, measured.method);
    const section = formatReport({ ...measured, edges, how, warnings });
    console.log(`## ${section.title}\n\n${section.text}\n`);
    if (!options.results) continue;
    writeSection(options.results, section);
    bench.tell(`written to ${options.results}`);
  }
  return 0;
}

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const asked = parseOptions(process.argv.slice(2));
switch (asked.kind) {
  case 'help':
    console.log(usage);
    break;
  case 'refused':
    console.error(`${asked.problem}\n\n${usage}`);
    process.exitCode = 2;
    break;
  case 'run':
    try {
      process.exitCode = await measureAll(asked.options);
    } catch (problem) {
      console.error(reasonOf(problem));
      process.exitCode = 1;
    }
}
