import { prepareDebianTools } from './debian-tools.ts';
import { fetchAsterisk } from './fetch-asterisk.ts';

/** Before the tests: the programs they run are here, or a message says what is missing. Quick when all is. */
try {
  prepareDebianTools();
  fetchAsterisk();
} catch (problem) {
  console.error(problem instanceof Error ? problem.message : problem);
  process.exitCode = 1;
}
