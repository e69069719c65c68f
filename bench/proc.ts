import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU in /proc/stat and /proc/PID/stat in hundredths of a second. */
const TICKS_PER_SECOND = 100;

export interface Memory {
  /** Resident bytes, pages shared with other processes counted in each. */
  readonly rss: number;
  /** Resident bytes, a shared page divided by the number of processes that share it. */
  readonly pss: number;
}

/** The parent's id in /proc/PID/stat; the program's name before it may hold anything, parentheses too. */
export function parentIn(stat: string): number {
  return Number(afterName(stat)[1]);
}

/** Seconds of CPU in /proc/PID/stat: its own and those of children it has waited for. */
export function cpuSecondsIn(stat: string): number {
  const fields = afterName(stat);
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return ticks / TICKS_PER_SECOND;
}

/** Nanoseconds on a CPU, from /proc/PID/task/TID/schedstat. */
export function nanosecondsIn(schedstat: string): number {
  return Number(schedstat.split(' ', 1)[0]);
}

/** From /proc/PID/smaps_rollup. */
export function memoryIn(smapsRollup: string): Memory {
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(smapsRollup)?.[1] ?? 0) * 1024;
  return { rss: bytes('Rss'), pss: bytes('Pss') };
}

/** Datagrams that found the receive buffer of this port full, from /proc/net/udp. */
export function dropsIn(netUdp: string, port: number): number {
  let drops = 0;
  for (const line of netUdp.trimEnd().split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const localPort = Number.parseInt(fields[1]?.split(':')[1] ?? '', 16);
    if (localPort === port) drops += Number(fields.at(-1));
  }
  return drops;
}

/** Seconds all CPUs together were busy, from /proc/stat: user, nice, system and interrupts. */
export function busySecondsIn(stat: string): number {
  const [, ...fields] = stat.slice(0, stat.indexOf('\n')).trim().split(/\s+/);
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0] =
    fields.map(Number);
  return (user + nice + system + interrupts + softInterrupts) / TICKS_PER_SECOND;
}

function afterName(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Undefined when the process or thread has ended meanwhile. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** This process and all its descendants. */
export function processTree(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readIfThere(`/proc/${name}/stat`);
    if (stat === undefined) continue;
    const parent = parentIn(stat);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** Seconds of CPU of all living threads of these processes, exact to the nanosecond. */
export function cpuSecondsOf(pids: readonly number[]): number {
  let nanoseconds = 0;
  for (const pid of pids) {
    for (const tid of threadsOf(pid)) {
      nanoseconds += nanosecondsIn(readIfThere(`/proc/${pid}/task/${tid}/schedstat`) ?? '0');
    }
  }
  return nanoseconds / 1e9;
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

export function memoryOf(pids: readonly number[]): Memory {
  const each = pids.map((pid) => memoryIn(readIfThere(`/proc/${pid}/smaps_rollup`) ?? ''));
  return {
    rss: each.reduce((sum, { rss }) => sum + rss, 0),
    pss: each.reduce((sum, { pss }) => sum + pss, 0),
  };
}

/** Open files and sockets of these processes. */
export function openFilesOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    try {
      return sum + readdirSync(`/proc/${pid}/fd`).length;
    } catch {
      return sum;
    }
  }, 0);
}

export function udpDrops(port: number): number {
  return dropsIn(readFileSync('/proc/net/udp', 'utf8'), port);
}

export function machineBusySeconds(): number {
  return busySecondsIn(readFileSync('/proc/stat', 'utf8'));
}

/** CPU of this process with all children it has waited for. */
export function ownCpuSeconds(): number {
  return cpuSecondsIn(readFileSync('/proc/self/stat', 'utf8'));
}
