/** What to do about a listener that the system refuses; empty where its own words are enough. */
export function adviceOn(problem: string): string {
  const [code] = /\bE[A-Z]{4,}\b/.exec(problem) ?? [];
  const port = /\bport (\d+)/.exec(problem)?.[1] ?? '';
  const by = problem.includes('for programs') ? 'programPort in programs.yaml' : '--listen';
  switch (code) {
    case 'EADDRINUSE':
      return ` Another program has the port (ss -lnptu sport = :${port} says which): stop it, or choose another with ${by}.`;
    case 'EADDRNOTAVAIL':
      return ` This machine has no such address now (ip address lists those it has): choose one with ${by}.`;
    case 'EACCES':
      return ` Ports below 1024 need the capability CAP_NET_BIND_SERVICE, or choose a higher one with ${by}.`;
    case 'EAFNOSUPPORT':
      return ' This machine has no IPv6: leave the listener out, or say optional: true.';
    default:
      return '';
  }
}
