import type { z } from 'zod';
import { explainIssue } from '../config/explain-issue.ts';
import type { Problem } from '../config/problem.ts';
import { extensionsSchema } from '../policy/extensions.ts';

type Listed = NonNullable<NonNullable<z.input<typeof extensionsSchema>>['list']>[string];

/** An extension as policies/extensions.yaml will have it. */
export interface ImportedExtension {
  readonly extension: string;
  /** Whose it is, for the comment behind it. */
  readonly owner: string | undefined;
  readonly settings: Listed;
}

/** The same, with the line it comes from. */
export type FoundExtension = ImportedExtension & { readonly where: string };

export interface Imported {
  readonly extensions: readonly ImportedExtension[];
  readonly problems: readonly Problem[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
  /** False where there may be extensions that could not be seen. */
  readonly complete: boolean;
}

/** What the settings would not take of an extension; `nameOf` says what the operator calls a key. */
export function settingsProblems(
  { extension, settings, where }: FoundExtension,
  nameOf: (key: string) => string = (key) => key,
): readonly Problem[] {
  const tree = { list: { [extension]: settings } };
  const checked = extensionsSchema.safeParse(tree);
  if (checked.success) return [];
  const read = { tree, schema: extensionsSchema, asWritten: () => undefined };
  return checked.error.issues
    .flatMap((issue) => explainIssue(issue, read))
    .map(({ path, text }) => ({ where, key: nameOf(String(path[2] ?? 'extension')), text }));
}

/** The first of each name; a second one is a problem. */
export function eachOnce(found: readonly FoundExtension[]): {
  readonly extensions: readonly ImportedExtension[];
  readonly problems: readonly Problem[];
} {
  const first = new Map<string, string>();
  const problems: Problem[] = [];
  const extensions = found.filter(({ extension, where }) => {
    const before = first.get(extension);
    if (before === undefined) first.set(extension, where);
    else
      problems.push({
        where,
        text: `found ${extension} a second time, expected it once: see ${before}`,
      });
    return before === undefined;
  });
  return { extensions, problems };
}
