import { NoDnsAnswer } from './dns-client.ts';

/** What a question that nobody answered means for the operator: who was asked, and what happens meanwhile. */
export function explainDnsFailure(problem: unknown): string {
  return (
    `${whoGives(problem instanceof NoDnsAnswer ? problem.servers : [])} no answer: names keep the addresses they ` +
    'had for up to an hour, one that was never looked up leads nowhere; asked again in 5 s'
  );
}

/** A name has half a dozen records, and each is asked for anew every few seconds. */
const SAID_EVERY_MS = 60_000;

/** Says once a minute that servers give no answer, and how many questions had none since. */
export function tellDnsFailures(
  say: (fields: { readonly err: unknown; readonly questions: number }, text: string) => void,
  now: () => number = () => performance.now(),
): (problem: unknown) => void {
  const said = new Map<string, { at: number; questions: number }>();
  return (problem) => {
    const text = explainDnsFailure(problem);
    const last = said.get(text);
    const questions = (last?.questions ?? 0) + 1;
    if (last !== undefined && now() - last.at < SAID_EVERY_MS) {
      last.questions = questions;
      return;
    }
    said.set(text, { at: now(), questions: 0 });
    say({ err: problem, questions }, text);
  };
}

function whoGives(servers: readonly string[]): string {
  if (servers.length === 0) return "the system's name service gives";
  return servers.length === 1
    ? `the DNS server ${servers[0]} gives`
    : `the DNS servers ${servers.join(', ')} give`;
}
