import { z } from 'zod';
import { fileName as file } from '../policy/forms.ts';
import { written } from '../policy/written.ts';
import { readHandlerUrl } from './forms.ts';
import { readListenPoint } from './listen-point.ts';
import { ownAddress, realm, seconds, whole } from './schema-words.ts';
import { secret } from './secret.ts';

export const programPortSchema = z
  .strictObject({
    address: ownAddress
      .default('127.0.0.1')
      .describe('where programs connect; other than loopback only with tls.enabled'),
    port: whole(0, 65_535)
      .nullable()
      .default(null)
      .describe("its TCP port, 9022 being drachtio's; 0 lets the system choose; null: none"),
    tls: z
      .strictObject({
        enabled: z.boolean().default(false).describe('true: programs connect over TLS'),
        certificate: file
          .optional()
          .describe('PEM file: the certificate, then its chain; a self-signed one if not given'),
        key: file.optional().describe('PEM file: its private key'),
      })
      .prefault({}),
    limits: z
      .strictObject({
        connections: whole(1, 10_000).default(64).describe('programs connected at once'),
        outboundConnections: whole(1, 100_000)
          .default(2000)
          .describe('connections made to programs at once, one for each request'),
        authenticateSeconds: seconds(1, 60)
          .default(5)
          .describe('time a program has for its secret, and one we connect to for all of it'),
        frameBytes: whole(4096, 1_048_576)
          .default(131_072)
          .describe('the largest frame taken from a program'),
        unsentBytes: whole(65_536, 1_073_741_824)
          .default(8_388_608)
          .describe('what may wait for a program to read it; beyond, it is disconnected'),
        stalledSeconds: seconds(1, 300)
          .default(10)
          .describe('a program that reads nothing for so long is disconnected'),
        unanswered: whole(1, 100_000)
          .default(10)
          .describe('a program silent about so many requests loses its turn until it answers'),
        answerSeconds: seconds(1, 300)
          .default(10)
          .describe('but not before the first of them has waited so long'),
        keepAliveSeconds: whole(0, 7200)
          .default(45)
          .describe('TCP keep-alive after such a silence; 0: off'),
      })
      .prefault({}),
  })
  .prefault({});

/** What can come to a program outside of a dialog. */
const methods = z
  .array(
    z.enum([
      'INVITE',
      'REGISTER',
      'OPTIONS',
      'MESSAGE',
      'SUBSCRIBE',
      'NOTIFY',
      'PUBLISH',
      'INFO',
      'REFER',
    ]),
  )
  .min(1)
  .optional();
const pattern = z.string().min(1).max(128);

const requestRule = z
  .strictObject({
    methods: methods.describe('which methods it is for; every one if not given'),
    realm: realm.optional().describe('where the request came from; anywhere if not given'),
    listener: written(readListenPoint)
      .optional()
      .describe('which listener it came to, as its listen says; any if not given'),
    user: pattern
      .optional()
      .describe("the Request-URI's user or number: 7*, 1??; * any characters, ? any one"),
    host: pattern.optional().describe("the Request-URI's host: *.apps.example.com"),
    header: z
      .strictObject({
        name: z
          .string()
          .regex(/^[A-Za-z0-9-]{1,64}$/, 'the name of a header')
          .describe('which header; one that occurs more than once matches by any of them'),
        value: pattern
          .default('*')
          .describe('its value, in any case, with * and ?; that it is there at all if not given'),
      })
      .optional(),
    to: z
      .enum(['programs', 'pbx'])
      .default('programs')
      .describe('programs, or pbx: an exception, which goes the usual way'),
  })
  .refine(
    ({ to: _to, ...conditions }) => Object.values(conditions).some((one) => one !== undefined),
    'at least one condition; user: "*" is true of every request with a user',
  );

const handler = z.strictObject({
  methods: methods.describe('which methods it is asked about; every one if not given'),
  url: written(readHandlerUrl).describe(
    'tcp://host:port or tls://host:port of a program that listens, or the URL of a web server',
  ),
  method: z.enum(['GET', 'POST']).default('GET').describe('how a web server is asked'),
});

export const programsSchema = z
  .strictObject({
    secret: secret
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the form the operator writes.
      .default('${DRAWBRIDGE_PROGRAMS_SECRET}')
      .describe('what programs authenticate with, a variable'),
    requests: z.array(requestRule).default([]),
    handlers: z.array(handler).default([]),
  })
  .prefault({});
