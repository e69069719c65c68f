export type Environment = Readonly<Record<string, string | undefined>>;

/** The process's environment. Nothing outside this folder reads it. */
export function environment(): Environment {
  return process.env;
}
