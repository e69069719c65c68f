import { z } from 'zod';
import { networksOption } from './rule-options.ts';

/** What stands beside the rules in policies/network.yaml. */
export const networkShape = {
  allowed: networksOption
    .default([])
    .describe(
      'N1: addresses and networks that are never blocked or limited, whatever they do; the PBX and trunks are by themselves',
    ),
  countryDatabase: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'N3: a .mmdb file that says which country an address is in; null: the data of geoip-lite',
    ),
  blocks: z
    .strictObject({
      unprovenSeconds: z
        .int()
        .min(1)
        .max(3600)
        .default(120)
        .describe(
          'how long a UDP source is blocked, which anybody can forge; phones registered from it are served all the same',
        ),
      factor: z
        .number()
        .min(1)
        .max(100)
        .default(2)
        .describe('each further block of the same source lasts so many times longer'),
      mostSeconds: z
        .int()
        .min(60)
        .max(31_536_000)
        .default(604_800)
        .describe('no block grows beyond this'),
      rememberSeconds: z
        .int()
        .min(0)
        .max(31_536_000)
        .default(2_592_000)
        .describe('how long after its end a block still makes the next one longer'),
    })
    .prefault({})
    .describe('N2: blocks that rules make'),
} as const;
