/** The longest path a Unix socket can have on Linux, less the closing zero. */
const longestPath = 107;

/** Undefined where there can be one. The gate serves without: nobody can ask it anything then. */
export const whyNoSocketAt = (path: string): string | undefined =>
  Buffer.byteLength(path) > longestPath
    ? `The control socket ${path} has a path of more than ${longestPath} bytes. Choose a shorter one with --data.`
    : undefined;
