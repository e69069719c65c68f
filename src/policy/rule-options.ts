import { z } from 'zod';
import type { Answer } from './verdict.ts';

/** How a rule refuses, as the operator writes it. */
export const answerOption = (standard: Answer) =>
  z
    .union(
      [z.literal('silence'), z.int().min(400).max(699)],
      'silence, or a status from 400 to 699',
    )
    .default(standard)
    .describe('how it refuses: silence, or a status');
