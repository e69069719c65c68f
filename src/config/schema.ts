import { z } from 'zod';
import { fileName as file, source } from '../policy/forms.ts';
import { policyShape } from '../policy/policy-settings.ts';
import { written } from '../policy/written.ts';
import {
  readHandlerUrl,
  readHopUri,
  readHostPort,
  readListenPoint,
  readRedisServer,
  readServer,
} from './forms.ts';
import { readHeaderPattern } from './header-pattern.ts';
import { listsSchema } from './list-settings.ts';
import { secret } from './secret.ts';

/**
 * Every key the operator can set, once: its type, its bounds, its default, what it does. The files in
 * `routes/` and `policies/`, the flags, the environment, `help settings` and the error messages all come from here.
 */

const whole = (least: number, most: number) => z.int().min(least).max(most);
const seconds = (least = 1, most = 86_400) => z.number().min(least).max(most);
const named = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:[\]-]{0,63}$/,
    'letters, digits, ".", "-", "_" or ":", at most 64',
  );
const printable = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'printable characters without spaces, at most 128');
const headerPatterns = z.array(written(readHeaderPattern));
const sources = z.array(source).default([]);

const listener = z.strictObject({
  listen: written(readListenPoint).describe(
    'transport:address:port; udp, tcp, tls, ws or wss; IPv6 in brackets; port 0 lets the system choose',
  ),
  realm: z
    .enum(['access', 'core', 'trunk'])
    .default('access')
    .describe('who speaks here: access (phones, internet), core (the PBX), trunk (carriers)'),
  advertise: written(readHostPort)
    .optional()
    .describe(
      'host or host:port that others must use to reach this listener, behind NAT or a balancer',
    ),
  clientCertificate: z
    .enum(['none', 'ask', 'require'])
    .default('none')
    .describe(
      'tls and wss: whether clients are asked for a certificate; require refuses those without',
    ),
  optional: z
    .boolean()
    .default(false)
    .describe('left out, with a log line, on a machine without IPv6; otherwise that is an error'),
});

const defaultListeners = [
  { listen: 'udp:0.0.0.0:5060' },
  { listen: 'udp:[::]:5060', optional: true },
  { listen: 'tcp:0.0.0.0:5060' },
  { listen: 'tcp:[::]:5060', optional: true },
  { listen: 'tls:0.0.0.0:5061' },
  { listen: 'tls:[::]:5061', optional: true },
];

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
    realm: z
      .enum(['access', 'core', 'trunk'])
      .optional()
      .describe('where the request came from; anywhere if not given'),
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

export const settingsSchema = z.strictObject({
  dataDirectory: file
    .default('./data')
    .describe('where state lives: database, flow key, self-signed certificate, control socket'),
  http: z
    .strictObject({
      address: z
        .union([z.ipv4(), z.ipv6()], 'an IP address of this machine')
        .default('127.0.0.1')
        .describe('where /metrics, /healthz and /readyz are served; keep it off public interfaces'),
      port: whole(0, 65_535).default(9464).describe('its TCP port; 0 lets the system choose'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['trace', 'debug', 'info', 'warn', 'error'])
        .default('info')
        .describe('the least level that is written'),
      format: z
        .enum(['auto', 'text', 'json'])
        .default('auto')
        .describe('auto: text on a terminal, JSON lines elsewhere'),
    })
    .prefault({}),
  events: z
    .strictObject({
      keepDays: whole(1, 3650).default(90).describe('how long events are kept'),
      mostRows: whole(1000, 100_000_000)
        .default(1_000_000)
        .describe('and how many: about 500 bytes each on disk'),
      fileMegabytes: whole(0, 100_000)
        .default(50)
        .describe('events.jsonl begins anew at this size, one before is kept; 0: no such file'),
      admitted: z
        .boolean()
        .default(true)
        .describe('calls and registrations that were let through are events too, for replay'),
    })
    .prefault({}),
  drain: z
    .strictObject({
      deadlineSeconds: seconds(0)
        .default(300)
        .describe('after SIGTERM, how long live calls may go on before the process ends'),
      retryAfterSeconds: whole(1, 3600)
        .default(30)
        .describe('what a new call is told in its 503 meanwhile'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      connectionsPerSource: whole(1, 1_000_000)
        .default(256)
        .describe('open connections from one address: an office of 250 phones may share one'),
      connections: whole(1, 1_000_000)
        .default(20_000)
        .describe('open connections in total; about 50 kB each over TLS'),
      handshakeSeconds: seconds(1, 300)
        .default(10)
        .describe('time for a TLS or WebSocket handshake'),
      messageSeconds: seconds(1, 300)
        .default(10)
        .describe('time from the first byte of a message to its last'),
      firstMessageSeconds: seconds(1, 3600)
        .default(60)
        .describe('time a new connection has for its first message, whatever else it sends'),
      idleSeconds: seconds(1)
        .default(3900)
        .describe(
          'silence after which a connection is closed; longer than the longest registration (3600)',
        ),
      messageBytes: whole(1300, 1_048_576).default(65_535).describe('the largest message taken'),
      transactions: whole(100, 10_000_000)
        .default(200_000)
        .describe('transactions at once; beyond, new requests are refused 503'),
      calls: whole(10, 10_000_000)
        .default(50_000)
        .describe('live calls; beyond, new ones are refused 503'),
      registrations: whole(10, 10_000_000)
        .default(200_000)
        .describe('bindings held; beyond, new ones are refused 503'),
    })
    .prefault({}),
  kernel: z
    .strictObject({
      mode: z
        .enum(['auto', 'ingress', 'prerouting', 'off'])
        .default('auto')
        .describe(
          'where the kernel refuses for the gate, by nftables: auto (the earliest it can), ingress, prerouting, or off',
        ),
    })
    .prefault({}),
  listeners: z.array(listener).min(1).prefault(defaultListeners),
  tls: z
    .strictObject({
      certificates: z
        .array(
          z.strictObject({
            certificate: file.describe('PEM file: the certificate, then its chain'),
            key: file.describe('PEM file: its private key'),
          }),
        )
        .default([])
        .describe(
          'pairs chosen by name (SNI), the first is the default; none: a self-signed one is made',
        ),
      authorities: file
        .optional()
        .describe(
          "PEM file of authorities that sign client certificates and the PBX's and trunks' own",
        ),
      warnDaysBeforeExpiry: whole(0, 365)
        .default(21)
        .describe('from when on expiry is warned about daily'),
    })
    .prefault({}),
  pbx: z
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
      sources: sources.describe(
        "addresses or networks the PBX speaks from, besides its nodes' own",
      ),
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
    .prefault({}),
  topology: z
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
    .prefault({}),
  calls: z
    .strictObject({
      ringSeconds: whole(181, 3600)
        .default(200)
        .describe('an INVITE that only rings ends after this (RFC 3261 timer C)'),
      forgetAfterHours: z
        .number()
        .min(0.1)
        .max(720)
        .default(12)
        .describe('a call without session timers is forgotten, not ended, after such a silence'),
    })
    .prefault({}),
  trunks: z.array(trunk).default([]),
  programPort: z
    .strictObject({
      address: z
        .union([z.ipv4(), z.ipv6()], 'an IP address of this machine')
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
    .prefault({}),
  drachtio: z
    .strictObject({
      servers: z
        .array(written(readServer))
        .default([])
        .describe(
          'host or host:port of drachtio-servers, tried in order; none: the gate has its own sockets',
        ),
      secret: secret
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the form the operator writes.
        .default('${DRAWBRIDGE_DRACHTIO_SECRET}')
        .describe('what the gate authenticates with there, a variable'),
      tls: z
        .strictObject({
          enabled: z.boolean().default(false).describe('true: to all of them over TLS'),
          authorities: file
            .optional()
            .describe("PEM file of the authorities that sign the servers' certificates"),
        })
        .prefault({}),
      listeners: z
        .array(
          z.strictObject({
            listen: written(readListenPoint).describe(
              'transport:address:port of a listener that the server has',
            ),
            realm: z
              .enum(['access', 'core', 'trunk'])
              .describe('who speaks there; access where nothing is said'),
          }),
        )
        .default([])
        .describe("which of the server's listeners are for the PBX (core) or for carriers (trunk)"),
    })
    .prefault({}),
  cluster: z
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
          sentinelPassword: secret
            // biome-ignore lint/suspicious/noTemplateCurlyInString: the form the operator writes.
            .default('${DRAWBRIDGE_REDIS_SENTINEL_PASSWORD}')
            .describe('the same for sentinels'),
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
    .prefault({}),
  programs: z
    .strictObject({
      secret: secret
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the form the operator writes.
        .default('${DRAWBRIDGE_PROGRAMS_SECRET}')
        .describe('what programs authenticate with, a variable'),
      requests: z.array(requestRule).default([]),
      handlers: z.array(handler).default([]),
    })
    .prefault({}),
  ...policyShape,
  lists: listsSchema,
});

/** The settings as written, defaults filled in. `compile` makes `Settings` of it. */
export type SettingsTree = z.output<typeof settingsSchema>;
