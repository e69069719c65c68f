import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { reasonOf } from '../config/reason-of.ts';
import { checkDataDirectory } from '../control/check-data-directory.ts';
import { dataDirectoryAt } from '../control/data-directory.ts';
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
