import type { Source } from './facts.ts';

/** Nobody knows it: it holds no registration, and at its address nobody does, or did of late. */
export const isStranger = ({ tier, familiar }: Source): boolean => tier === 'unknown' && !familiar;
