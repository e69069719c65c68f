import { join } from 'node:path';
import { parseRiskyRanges, type RiskyRange } from '../numbers/risky-ranges.ts';
import { readPlainFile } from './plain-file.ts';
import { type Problem, showFound } from './problem.ts';
import { shown } from './read-folders.ts';
import { shippedFolders } from './settings-files.ts';
import { readProblem } from './yaml-file.ts';

const shipped = join(shippedFolders.policies, 'data', 'high-risk-numbers.csv');

/** The operator's own list, named at this place, or the one that ships; every line that cannot be read is a problem. */
export function readHighRiskNumbers(
  file: string | null,
  place: string,
): {
  readonly ranges: readonly RiskyRange[];
  readonly problems: readonly Problem[];
} {
  const where = shown(file ?? shipped);
  let text: string;
  try {
    text = readPlainFile(file ?? shipped).toString();
  } catch (error) {
    return {
      ranges: [],
      problems: [
        {
          where: place,
          key: 'site.highRiskNumbers',
          text: `${showFound(where)} ${readProblem(error)}`,
        },
      ],
    };
  }
  const { ranges, problems } = parseRiskyRanges(text);
  return {
    ranges,
    problems: problems.map(({ line, text: problem }) => ({
      where: `${where}:${line}`,
      text: problem,
    })),
  };
}
