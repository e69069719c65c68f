import { z } from 'zod';

/** What the sections of the settings are written with. */

export const whole = (least: number, most: number) => z.int().min(least).max(most);
export const seconds = (least = 1, most = 86_400) => z.number().min(least).max(most);
export const named = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:[\]-]{0,63}$/,
    'letters, digits, ".", "-", "_" or ":", at most 64',
  );
export const printable = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'printable characters without spaces, at most 128');
export const realm = z.enum(['access', 'core', 'trunk']);
export const ownAddress = z.union([z.ipv4(), z.ipv6()], 'an IP address of this machine');
