/**
 * How hard the gate and its PBX are pressed: from `strangers` on, those wait whom nobody knows; at `calls` new calls get
 * shares as well.
 */
export const pressures = ['none', 'strangers', 'calls'] as const;
export type Pressure = (typeof pressures)[number];
