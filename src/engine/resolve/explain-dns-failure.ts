import { NoDnsAnswer } from './dns-client.ts';

/** What a question that nobody answered means for the operator: who was asked, and what happens meanwhile. */
export function explainDnsFailure(problem: unknown): string {
  return (
    `${whoGives(problem instanceof NoDnsAnswer ? problem.servers : [])} no answer: names keep the addresses they ` +
    'had for up to an hour, one that was never looked up leads nowhere; asked again in 5 s'
  );
}

function whoGives(servers: readonly string[]): string {
  if (servers.length === 0) return "the system's name service gives";
  return servers.length === 1
    ? `the DNS server ${servers[0]} gives`
    : `the DNS servers ${servers.join(', ')} give`;
}
