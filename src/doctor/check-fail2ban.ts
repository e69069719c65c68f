import { nextHopOf } from '../engine/next-hops.ts';
import { createResolver } from '../engine/resolve/resolver.ts';
import { Networks } from '../policy/networks.ts';
import { askByOptions } from './ask-by-options.ts';
import { readJails } from './fail2ban-jails.ts';
import { about, type Examined, type Finding } from './finding.ts';
import { isLoopback, textOf } from './this-machine.ts';

const fail2ban = about('fail2ban of the PBX');
const logs = ['security', 'security.log', 'messages', 'messages.log', 'full'];
const MOST_OF_LOG = 1_000_000;
const failure = /InvalidPassword|InvalidAccountID|ChallengeResponseFailed|Failed to authenticate/;

/**
 * To a PBX behind a gate every phone has the gate's address: one that has a wrong password would have all of them
 * banned.
 */
export async function checkFail2ban({ settings, root }: Examined): Promise<readonly Finding[]> {
  const gate = await addressesTowardPbx(settings.pbx.nodes.map(({ uri }) => uri));
  const line = `ignoreip = ${['127.0.0.1/8', '::1', ...gate.filter((address) => !isLoopback(address))].join(' ')}`;
  const jails = readJails(root);
  if (jails === undefined)
    return [
      fail2ban.ok(
        'it is not on this machine',
        `on the PBX, should it run there, in /etc/fail2ban/jail.local under [DEFAULT]: ${line}`,
      ),
    ];
  const enabled = jails.filter(
    ({ name, enabled }) => enabled && /asterisk|freeswitch|pbx|sip/i.test(name),
  );
  if (enabled.length === 0) return [fail2ban.ok('no jail for a PBX is enabled here')];
  return enabled.map(({ name, ignored }) => {
    const networks = new Networks(ignored);
    const missing = gate.filter((address) => networks.find(address) === undefined);
    const failures = failuresOf(root, gate);
    const seen = failures === 0 ? '' : `; its log holds ${failures} failures of the gate already`;
    return missing.length === 0
      ? fail2ban.ok(`the jail ${name} ignores the gate (${gate.join(', ')})`)
      : fail2ban.bad(
          `the jail ${name} will ban the gate (${missing.join(', ')}) for what one phone does${seen}`,
          `in /etc/fail2ban/jail.local under [DEFAULT]: ${line}; then fail2ban-client reload`,
        );
  });
}

/** What packets to the PBX have for their source. */
async function addressesTowardPbx(uris: readonly string[]): Promise<readonly string[]> {
  const resolver = createResolver();
  const found = await Promise.all(
    uris.map(async (uri) => {
      const hop = nextHopOf(uri);
      const [place] = hop === undefined ? [] : await resolver.resolve(hop);
      return place === undefined ? '' : (await askByOptions(place)).from;
    }),
  );
  return [...new Set(found)].filter((address) => address !== '');
}

/** Failed registrations that the PBX puts down to the gate, in the end of its logs. */
function failuresOf(root: string, gate: readonly string[]): number {
  const text = logs
    .map((name) => textOf(root, `var/log/asterisk/${name}`)?.slice(-MOST_OF_LOG) ?? '')
    .join('\n');
  return text
    .split('\n')
    .filter(
      (line) =>
        failure.test(line) &&
        gate.some((address) => line.includes(`/${address}/`) || line.includes(`'${address}:`)),
    ).length;
}
