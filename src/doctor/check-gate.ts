import type { KernelStatus } from '../control/kernel/kernel-status.ts';
import { about, type Examined, type Finding } from './finding.ts';

const gate = about('gate');
const lists = about('lists');
const kernel = about('kernel');

/** Does it run, and is it well? */
export function checkGate({ status, unasked, settings }: Examined): readonly Finding[] {
  if (unasked !== undefined)
    return [gate.bad(unasked, 'ask as the user it runs as; where that does not help, see its log')];
  if (status === undefined)
    return [gate.warn('it does not run with this data directory', 'start it, or give its --data')];
  const { ready, version, process } = status;
  return [
    ready.length === 0
      ? gate.ok(`version ${version} runs as process ${process}, and is ready`)
      : gate.bad(`it is not ready: ${ready.join(', ')}`, 'see its log, and drawbridge status'),
    ...(settings.kernel.mode === 'off' ? [] : [checkKernel(status.kernel)]),
    ...status.lists.map((list) => {
      const { name, networks, failing } = list;
      return failing === undefined
        ? lists.ok(`${name} names ${networks} networks`)
        : lists.warn(
            `${name} cannot be read: ${failing.text}`,
            'the last good one stays for now: see drawbridge lists',
          );
    }),
  ];
}

/** A gate is no less shut without, and slower under a flood. */
export function checkKernel({ hook, devices, why, repairs }: KernelStatus): Finding {
  if (hook === 'none')
    return kernel.warn(
      `it refuses nothing for the gate: ${why ?? 'not begun yet'}`,
      'install nftables and give the gate CAP_NET_ADMIN, or set kernel.mode to off',
    );
  if (repairs > 0)
    return kernel.warn(
      `the table was not as the gate left it, ${repairs} times since the start`,
      'see what else flushes nftables: another firewall, a script',
    );
  const where = hook === 'ingress' ? `at ingress of ${devices.join(', ')}` : 'before routing';
  return kernel.ok(why === undefined ? `it refuses ${where}` : `it refuses ${where}: ${why}`);
}
