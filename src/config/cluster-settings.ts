import { z } from 'zod';
import { fileName as file } from '../policy/forms.ts';
import { written } from '../policy/written.ts';
import { readHopUri, readRedisServer } from './forms.ts';
import { named, printable, whole } from './schema-words.ts';
import { secret } from './secret.ts';

export const clusterSchema = z
  .strictObject({
    redis: z
      .strictObject({
        servers: z
          .array(written(readRedisServer))
          .default([])
          .describe(
            'redis://host[:port][/db], rediss:// for TLS, unix:///path/to/socket; none: this node is alone',
          ),
        kind: z
          .enum(['single', 'sentinel', 'cluster'])
          .default('single')
          .describe('single: one Redis; sentinel: servers are sentinels; cluster: of its nodes'),
        sentinelName: printable
          .default('mymaster')
          .describe('what sentinels call the Redis they watch'),
        user: printable.nullable().default(null).describe('null: the default user'),
        password: secret
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the form the operator writes.
          .default('${DRAWBRIDGE_REDIS_PASSWORD}')
          .describe('a variable; none is sent where it is not set'),
        passwordFile: file
          .optional()
          .describe('a file that holds it, read at each connection; in place of the variable'),
        sentinelPassword: secret
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the form the operator writes.
          .default('${DRAWBRIDGE_REDIS_SENTINEL_PASSWORD}')
          .describe('the same for sentinels'),
        sentinelPasswordFile: file.optional().describe('the same for sentinels'),
        authorities: file
          .optional()
          .describe("rediss: PEM file of the authorities that sign Redis' certificates"),
        prefix: z
          .string()
          .regex(/^[A-Za-z0-9._-]{1,64}$/, 'letters, digits, ".", "-" or "_", at most 64')
          .default('drawbridge')
          .describe('what all keys begin with; gates with the same prefix are one cluster'),
        exchangeMs: whole(50, 5000)
          .default(250)
          .describe('how often news is fetched from the others'),
        leaseMs: whole(10, 2000)
          .default(100)
          .describe('how long a new call waits for the word of Redis where a limit is shared'),
        drachtioBlacklist: printable
          .nullable()
          .default(null)
          .describe('a set that drachtio-servers read blocked addresses from; null: none'),
      })
      .prefault({}),
    node: z
      .strictObject({
        name: named
          .nullable()
          .default(null)
          .describe('what the others know this node by; null: the host name'),
        uri: written(readHopUri)
          .nullable()
          .default(null)
          .describe('where the others reach it; null: its first TCP or TLS listener'),
      })
      .prefault({}),
    secret: secret
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the form the operator writes.
      .default('${DRAWBRIDGE_CLUSTER_SECRET}')
      .describe('what the nodes know each other by, a variable; the same on all of them'),
  })
  .prefault({});
