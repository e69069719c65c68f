import { constrainedMemory } from 'node:process';

/** Half of what the compose files give. */
const LITTLE = 256 * 2 ** 20;

/**
 * Has a container, or the service manager, left us little memory? Then the gate is thrifty with it, for some CPU and some
 * milliseconds under load. Without a limit the system says 0, or more than there is.
 */
export const isMemoryShort = (limit: number = constrainedMemory()): boolean =>
  limit > 0 && limit <= LITTLE;
