import { reasonOf } from '../src/config/reason-of.ts';
import { prepareDebianTools } from './debian-tools.ts';
import { fetchAsterisk } from './fetch-asterisk.ts';
import { fetchPrometheus } from './fetch-prometheus.ts';

/** Before the tests: the programs they run are here, or a message says what is missing. Quick when all is. */
try {
  prepareDebianTools();
  fetchAsterisk();
  fetchPrometheus();
} catch (problem) {
  console.error(reasonOf(problem));
  process.exitCode = 1;
}
