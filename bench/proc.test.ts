import { describe, expect, test } from 'vitest';
import {
  busySecondsIn,
  cpuSecondsIn,
  cpuSecondsOf,
  dropsIn,
  memoryIn,
  memoryOf,
  nanosecondsIn,
  openFilesOf,
  parentIn,
  processTree,
} from './proc.ts';

const stat =
  '812 (a) R (b) S 7 812 812 0 -1 4194560 100 0 0 0 250 150 30 70 20 0 11 0 500 1000 20 18446744073709551615';

const netUdp = [
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops',
  '  122: 0100007F:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1234 2 0000000000000000 17',
  '  123: 0200007F:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1235 2 0000000000000000 5',
  '  124: 0100007F:13C5 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1236 2 0000000000000000 900',
  '',
].join('\n');

describe('what /proc says', () => {
  test('the parent, whatever the program is called', () => expect(parentIn(stat)).toBe(7));
  test('CPU with that of children waited for', () => expect(cpuSecondsIn(stat)).toBe(5));
  test('nanoseconds of a thread', () => expect(nanosecondsIn('123456789 55 7\n')).toBe(123456789));
  test('memory in bytes', () => {
    const rollup =
      'Rss:                2048 kB\nPss:                1024 kB\nPss_Dirty:           5 kB\n';
    expect(memoryIn(rollup)).toEqual({ rss: 2048 * 1024, pss: 1024 * 1024 });
  });
  test('drops of every socket on a port, and of no other', () => {
    expect(dropsIn(netUdp, 0x13c4)).toBe(22);
    expect(dropsIn(netUdp, 1)).toBe(0);
  });
  test('busy time without idle, waiting for disks, and stolen time', () => {
    expect(busySecondsIn('cpu  100 200 300 9999 9999 50 50 9999 0 0\ncpu0 1 1 1\n')).toBe(7);
  });
});

describe('this process', () => {
  test('is in the tree of its parent', () =>
    expect(processTree(process.ppid)).toContain(process.pid));
  test('uses CPU, memory and files', () => {
    expect(cpuSecondsOf([process.pid])).toBeGreaterThan(0);
    expect(memoryOf([process.pid]).rss).toBeGreaterThan(1_000_000);
    expect(openFilesOf([process.pid])).toBeGreaterThan(2);
  });
  test('a process that is gone counts nothing', () => {
    expect(cpuSecondsOf([2 ** 30])).toBe(0);
    expect(memoryOf([2 ** 30])).toEqual({ rss: 0, pss: 0 });
  });
});
