/** What to say of a clock that is so much ahead of Redis'; undefined where they agree. */
export function clockOff(ms = 0): string | undefined {
  if (ms === 0) return undefined;
  const seconds = Math.round(Math.abs(ms) / 1000).toLocaleString('en');
  return `the clock of this node is ${seconds} s ${ms > 0 ? 'ahead of' : 'behind'} Redis’`;
}
