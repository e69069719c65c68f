import { reasonOf } from '../src/config/reason-of.ts';
import { aPbx } from '../test/support/a-pbx.ts';
import { startGate } from '../test/support/gate-process.ts';
import { prepareDebianTools } from './debian-tools.ts';
import { fetchAsterisk } from './fetch-asterisk.ts';
import { fetchPrometheus } from './fetch-prometheus.ts';

/** Before the tests: the programs they run are here, or a message says what is missing. Quick when all is. */
try {
  prepareDebianTools();
  fetchAsterisk();
  fetchPrometheus();
  await compileGate();
} catch (problem) {
  console.error(reasonOf(problem));
  process.exitCode = 1;
}

/** What Node compiled is kept by a gate that ends by itself; tests kill nearly all of theirs, and start hundreds. */
async function compileGate(): Promise<void> {
  const pbx = await aPbx();
  const gate = await startGate({ pbx: pbx.uri, rules: 'shipped' });
  gate.signal('SIGTERM');
  await gate.ended();
  await gate.close();
  await pbx.close();
}
