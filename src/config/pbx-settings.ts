import { z } from 'zod';
import { source } from '../policy/forms.ts';
import { written } from '../policy/written.ts';
import { readHopUri } from './forms.ts';
import { readHeaderPattern } from './header-pattern.ts';
import { named, seconds, whole } from './schema-words.ts';
import { secret } from './secret.ts';

const sources = z.array(source).default([]);
const headerPatterns = z.array(written(readHeaderPattern));

const node = z.strictObject({
  name: named
    .optional()
    .describe("how logs, metrics and status call it; its URI's host and port if not given"),
  uri: written(readHopUri).describe(
    'where it listens: sip:host[:port][;transport=…]; a host name is resolved by RFC 3263',
  ),
  weight: whole(0, 1000)
    .default(1)
    .describe('its share of new work; 0 means only when no other node is up'),
  drain: z.boolean().default(false).describe('true: nothing new goes to it; what it has goes on'),
});

export const pbxSchema = z
  .strictObject({
    nodes: z
      .array(node)
      .min(1)
      .prefault([{ uri: 'sip:127.0.0.1:5080' }]),
    health: z
      .strictObject({
        everySeconds: seconds(1, 3600)
          .default(5)
          .describe('how often each node is asked by OPTIONS'),
        timeoutSeconds: seconds(0.1, 60).default(2).describe('how long its answer may take'),
        downAfter: whole(1, 100).default(2).describe('failures in a row that take a node out'),
        upAfter: whole(1, 100).default(2).describe('answers in a row that bring it back'),
      })
      .prefault({}),
    tryNextAfterMs: whole(100, 32_000)
      .default(3000)
      .describe('a node silent for so long is passed over for the next'),
    sources: sources.describe("addresses or networks the PBX speaks from, besides its nodes' own"),
    trunkHeader: z
      .strictObject({
        name: z
          .string()
          .regex(/^X-[A-Za-z0-9-]{1,60}$/, 'a header name that starts with X-')
          .default('X-Drawbridge-Trunk')
          .describe(
            'the header that tells the PBX a call came from a trunk; removed from all else',
          ),
        value: secret.describe('its value, a variable; the PBX must know the same'),
      })
      .nullable()
      .default(null)
      .describe('a header that tells the PBX a call came from a trunk; null: none'),
    registration: z
      .strictObject({
        toward: z
          .enum(['contact', 'path'])
          .default('contact')
          .describe(
            'how the PBX reaches phones through us: a rewritten Contact (any PBX), or Path (RFC 3327)',
          ),
        keepAlive: z
          .strictObject({
            everySeconds: seconds(5, 3600)
              .default(30)
              .describe('how often; NAT boxes forget UDP after 30 s at worst'),
            by: z
              .enum(['options', 'crlf', 'off'])
              .default('options')
              .describe('options: a request the phone answers; crlf: four bytes; off'),
            whom: z
              .enum(['nat', 'all'])
              .default('nat')
              .describe(
                'nat: UDP phones whose Contact is not where they are; all: every UDP phone',
              ),
          })
          .prefault({}),
      })
      .prefault({}),
  })
  .prefault({});

const trunk = z.strictObject({
  name: named
    .optional()
    .describe("how logs and status call it; its URI's host and port if not given"),
  uri: written(readHopUri).describe('where calls to the carrier go'),
  sources: sources.describe(
    "addresses or networks its calls come from; the URI's own address always is one",
  ),
  certificateName: z
    .string()
    .min(1)
    .optional()
    .describe('I1: a name that its client certificate must have; none is asked for if not given'),
});

export const trunksSchema = z.array(trunk).default([]);

export const topologySchema = z
  .strictObject({
    hide: z
      .array(z.enum(['headers', 'via', 'contact']))
      .default(['headers', 'via', 'contact'])
      .describe(
        'what phones and carriers do not see of the PBX: headers (the lists below), via, contact: its addresses there',
      ),
    headersOutward: headerPatterns
      .default([
        'Server',
        'User-Agent',
        'Warning',
        'X-Asterisk-*',
        'P-Asterisk-*',
        'X-FS-*',
        'P-Charging-*',
      ])
      .describe('taken out of what goes to phones and carriers; * stands at an end for anything'),
    headersInward: headerPatterns
      .default([])
      .describe('taken out of what goes to the PBX; * stands at an end for anything'),
  })
  .prefault({});
