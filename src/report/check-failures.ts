import { checkDisk } from '../doctor/check-disk.ts';
import { checkGate } from '../doctor/check-gate.ts';
import { checkRedis } from '../doctor/check-redis.ts';
import { about, type Examined, type Finding } from '../doctor/finding.ts';

const failures = about('when something fails');
const LEAST_DAYS = 30;

/** What is failing now, and what would open the gate if it did. */
export async function checkFailures(examined: Examined): Promise<readonly Finding[]> {
  const { settings, status } = examined;
  const { policy, cluster, events, kernel, pbx } = settings;
  const findings: Finding[] = [...checkGate(examined), ...checkDisk(examined)];
  for (const { name, up, uri } of status?.pbx ?? [])
    if (!up)
      findings.push(failures.bad(`PBX node ${name} (${uri}) does not answer`, 'drawbridge doctor'));
  if (pbx.nodes.length === 1)
    findings.push(
      failures.ok(
        'there is one PBX node: when it is down nobody calls',
        'name another in pbx.nodes, where there is one',
      ),
    );
  if (cluster.redis.servers.length > 0) {
    findings.push(...(await checkRedis(examined)));
    const sections: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
      outbound: policy.outbound,
      inbound: policy.inbound,
    };
    const open = Object.entries(sections).flatMap(([section, rules]) =>
      Object.entries(rules).flatMap(([rule, options]) =>
        isOpenAlone(options) ? [`${section}.${rule}`] : [],
      ),
    );
    if (open.length > 0)
      findings.push(
        failures.warn(
          `without Redis each node counts alone: ${open.join(', ')}`,
          'whenAlone: closed refuses instead; closer to safe, farther from reachable',
        ),
      );
  }
  if (kernel.mode === 'off')
    findings.push(
      failures.warn(
        'a flood is refused by the gate alone: kernel.mode is off',
        'set it to auto, with CAP_NET_ADMIN and nftables',
      ),
    );
  if (events.keepDays < LEAST_DAYS)
    findings.push(
      failures.warn(
        `what happened is forgotten after ${events.keepDays} days`,
        'set events.keepDays to 90: most fraud is seen on the bill',
      ),
    );
  return findings;
}

const isOpenAlone = (options: unknown): boolean =>
  typeof options === 'object' &&
  options !== null &&
  Reflect.get(options, 'mode') === 'on' &&
  Reflect.get(options, 'whenAlone') === 'open';
