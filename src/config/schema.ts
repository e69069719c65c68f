import { z } from 'zod';
import { fileName as file } from '../policy/forms.ts';
import { policyShape } from '../policy/policy-settings.ts';
import { written } from '../policy/written.ts';
import { clusterSchema } from './cluster-settings.ts';
import { readHostPort, readOrigin, readServer } from './forms.ts';
import { listsSchema } from './list-settings.ts';
import { readListenPoint } from './listen-point.ts';
import { notificationsSchema } from './notification-settings.ts';
import { pbxSchema, topologySchema, trunksSchema } from './pbx-settings.ts';
import { programPortSchema, programsSchema } from './program-settings.ts';
import { ownAddress, realm, seconds, whole } from './schema-words.ts';
import { secret } from './secret.ts';

/**
 * Every key the operator can set, once: its type, its bounds, its default, what it does. The files in
 * `routes/` and `policies/`, the flags, the environment, `help settings` and the error messages all come from here.
 */

const listener = z.strictObject({
  listen: written(readListenPoint).describe(
    'transport:address:port; udp, tcp, tls, ws or wss; IPv6 in brackets; port 0 lets the system choose',
  ),
  realm: realm
    .default('access')
    .describe(
      'who speaks here: access (phones, internet), core (the PBX), trunk (carriers); these two from their own addresses, pbx.sources and trunks.[].sources, and whoever else comes is a stranger',
    ),
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
  origins: z
    .array(written(readOrigin))
    .min(1)
    .optional()
    .describe(
      'ws and wss: the pages whose phones may connect, [https://phones.example.com]; none: any page that anybody behind the address opens',
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

export const settingsSchema = z.strictObject({
  dataDirectory: file
    .default('./data')
    .describe('where state lives: database, flow key, self-signed certificate, control socket'),
  http: z
    .strictObject({
      address: ownAddress
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
        .describe(
          'time from the first byte of a message to its last; whoever takes nothing of what it is sent for three times as long is disconnected',
        ),
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
  pbx: pbxSchema,
  topology: topologySchema,
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
  trunks: trunksSchema,
  programPort: programPortSchema,
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
            realm: realm.describe('who speaks there; access where nothing is said'),
          }),
        )
        .default([])
        .describe("which of the server's listeners are for the PBX (core) or for carriers (trunk)"),
    })
    .prefault({}),
  cluster: clusterSchema,
  programs: programsSchema,
  ...policyShape,
  lists: listsSchema,
  notifications: notificationsSchema,
});

/** The settings as written, defaults filled in. `compile` makes `Settings` of it. */
export type SettingsTree = z.output<typeof settingsSchema>;
