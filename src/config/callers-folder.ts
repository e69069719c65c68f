let left: string | undefined;

/** Where whoever asks stands: the paths that he is shown begin there. */
export const callersFolder = (): string => left ?? process.cwd();

/** Relative paths are looked up from here on; what is shown begins where it began. */
export function lookUpFrom(folder: string): void {
  const before = callersFolder();
  process.chdir(folder);
  left = before;
}
