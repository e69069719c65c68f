/** How long a test waits for what is to come at once: on a machine that is busy it may take a while. */
export const PATIENCE_MS = 10_000;
