import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { reasonOf } from '../config/reason-of.ts';
import { checkDataDirectory } from '../control/check-data-directory.ts';
import { type DataDirectory, dataDirectoryAt } from '../control/data-directory.ts';
import { about, type Examined, type Finding } from './finding.ts';

const disk = about('disk');
const MEGABYTE = 1_048_576;

/** Can what is held be kept? */
export function checkDisk({ settings, status }: Examined): readonly Finding[] {
  const directory = dataDirectoryAt(status?.dataDirectory ?? settings.dataDirectory);
  const findings: Finding[] = [];
  try {
    checkDataDirectory(directory);
    findings.push(disk.ok(`${directory.path} can be written`));
  } catch (error) {
    findings.push(
      disk.bad(reasonOf(error), 'make room, or give the directory to the user the gate runs as'),
    );
  }
  findings.push(...openToOthers(directory));
  let there = directory.path;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  const { bavail, bsize, ffree, files } = statfsSync(there);
  const free = Math.round((bavail * bsize) / MEGABYTE);
  const shown = `${free.toLocaleString('en')} MB are free there`;
  const room = 'make room: registrations, blocks and events are kept there';
  if (free < 100) findings.push(disk.bad(shown, room));
  else findings.push(free < 1000 ? disk.warn(shown, room) : disk.ok(shown));
  if (files > 0 && ffree < 1000) findings.push(disk.warn(`${ffree} files can be made there`, room));
  return findings;
}

/** It is for the gate's user only; a group may read it where somebody wants that, as a collector of events does. */
function openToOthers(directory: DataDirectory): readonly Finding[] {
  const { path, tokenKey, pinKey, database, events, notifications } = directory;
  const files = [path, tokenKey, pinKey, database, events, notifications];
  const lets = (bits: number) => files.filter((file) => (modeOf(file) & bits) !== 0);
  const [written, open] = [lets(0o002), lets(0o027)];
  const close = `chmod g-w,o-rwx ${open.join(' ')}: keys and who called whom are for the gate alone`;
  if (written.length > 0)
    return [disk.bad(`every user of this machine may change ${written.join(', ')}`, close)];
  if (open.length === 0) return [];
  return [disk.warn(`other users of this machine may look into ${open.join(', ')}`, close)];
}

/** Nobody's rights where there is none, or it is not for us to see. */
function modeOf(file: string): number {
  try {
    return statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  } catch {
    return 0;
  }
}
