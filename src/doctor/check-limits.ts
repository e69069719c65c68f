import { about, type Examined, type Finding } from './finding.ts';
import { textOf } from './this-machine.ts';

const limits = about('limits');
/** What UDP sockets ask for (`engine/transport/bound-socket.ts`); the system gives at most rmem_max. */
const SOCKET_BUFFER_BYTES = 8 * 1024 * 1024;
/** About a tenth of a second of what the gate can take. */
const LEAST_BUFFER_BYTES = 2 * 1024 * 1024;
/** Besides connections: files, sockets, pipes. */
const OTHER_DESCRIPTORS = 500;
const LEAST_MEMORY = 512 * 1024 * 1024;

/** What the system lets the gate have. */
export function checkLimits({ settings, status, root }: Examined): readonly Finding[] {
  return [
    descriptors(settings.limits.connections, status?.process, root),
    buffers(root),
    memory(root),
  ];
}

function descriptors(connections: number, pid: number | undefined, root: string): Finding {
  const whose = pid === undefined ? 'a process started as this one' : 'the gate';
  const text = textOf(root, `proc/${pid ?? 'self'}/limits`) ?? '';
  const [, most] = /^Max open files\s+(\d+|unlimited)/m.exec(text) ?? [];
  if (most === undefined)
    return limits.warn('how many files may be open is not known', 'ulimit -n');
  const wanted = connections + OTHER_DESCRIPTORS;
  return most === 'unlimited' || Number(most) >= wanted
    ? limits.ok(`${whose} may have ${most} files open`)
    : limits.warn(
        `${whose} may have ${most} files open, and limits.connections is ${connections}`,
        `LimitNOFILE=${wanted} in its systemd unit, ulimit -n ${wanted}, or fewer connections`,
      );
}

function buffers(root: string): Finding {
  const most = Number(textOf(root, 'proc/sys/net/core/rmem_max') ?? Number.NaN);
  if (Number.isNaN(most))
    return limits.warn('how much UDP may wait is not known', 'sysctl net.core.rmem_max');
  return most >= LEAST_BUFFER_BYTES
    ? limits.ok(`a UDP socket may hold ${most} bytes that wait`)
    : limits.warn(
        `a UDP socket may hold ${most} bytes that wait: a burst is lost`,
        `sysctl -w net.core.rmem_max=${SOCKET_BUFFER_BYTES}, and in /etc/sysctl.d for good`,
      );
}

function memory(root: string): Finding {
  const text = textOf(root, 'proc/meminfo') ?? '';
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN);
  const capped = Number(textOf(root, 'sys/fs/cgroup/memory.max')?.trim() ?? Number.NaN);
  const total = Math.min(
    kilobytes('MemTotal') * 1024,
    Number.isNaN(capped) ? Number.POSITIVE_INFINITY : capped,
  );
  const available = Math.min(kilobytes('MemAvailable') * 1024, total);
  if (Number.isNaN(total)) return limits.warn('how much memory there is is not known', 'free -m');
  const shown = `${megabytes(available)} of ${megabytes(total)} of memory are free`;
  return total >= LEAST_MEMORY && available >= LEAST_MEMORY / 4
    ? limits.ok(shown)
    : limits.warn(shown, 'give it more: 512 MB is for a small site');
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MB`;
