import { reasonOf } from '../config/reason-of.ts';
import { checkCertificates } from './check-certificates.ts';
import { checkClock } from './check-clock.ts';
import { checkDisk } from './check-disk.ts';
import { checkDns } from './check-dns.ts';
import { checkFail2ban } from './check-fail2ban.ts';
import { checkGate } from './check-gate.ts';
import { checkLimits } from './check-limits.ts';
import { checkNotifications } from './check-notifications.ts';
import { checkPbx } from './check-pbx.ts';
import { checkPolicy } from './check-policy.ts';
import { checkPorts } from './check-ports.ts';
import { checkRedis } from './check-redis.ts';
import { about, type Check, type Examined, type Finding } from './finding.ts';

/** In the order in which they are shown. */
const checks: readonly Check[] = [
  checkGate,
  checkPbx,
  checkFail2ban,
  checkDns,
  checkClock,
  checkCertificates,
  checkPorts,
  checkLimits,
  checkDisk,
  checkRedis,
  checkNotifications,
  checkPolicy,
];

/** Everything that can be seen from here. A check that fails is a finding too: none is left out in silence. */
export async function examine(examined: Examined): Promise<readonly Finding[]> {
  const found = await Promise.all(
    checks.map(async (check) => {
      try {
        return await check(examined);
      } catch (error) {
        return [about(check.name).bad(`could not be looked at: ${reasonOf(error)}`, 'tell us')];
      }
    }),
  );
  return found.flat();
}
