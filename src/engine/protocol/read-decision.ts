import { z } from 'zod';
import { parseUri } from '../../sip/message/uri.ts';
import type { Choice } from './program.ts';
import { readDuration } from './read-command.ts';

/** What a web server decided about a request, checked. */
export type Decision =
  | Exclude<Choice, { kind: 'program' }>
  /** Connect to a program there. */
  | { readonly kind: 'connect'; readonly to: ProgramAddress }
  /** One of the programs connected with this tag. */
  | { readonly kind: 'tag'; readonly tag: string };

export interface ProgramAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

const MOST_TARGETS = 10;

/** What goes into a header line of ours must not end it, nor the URI it stands in. */
const uri = z
  .string()
  .max(1024)
  .refine(
    (text) =>
      /^[\x21-\x7e]+$/.test(text) &&
      !/[<>"|]/.test(text) &&
      (parseUri(text) !== undefined || /^tel:\+?[0-9*#().-]+(?:;[^?]*)?$/i.test(text)),
    'a SIP or tel URI',
  );
const uris = z
  .union([uri, z.array(uri).min(1).max(MOST_TARGETS)])
  .transform((some) => (typeof some === 'string' ? [some] : some));

/** Text that may stand behind a status; bytes as they go out, one character each. */
const reason = z
  .string()
  .max(128)
  .regex(/^[^\p{Cc}|]*$/u)
  .transform((text) => Buffer.from(text).toString('latin1'));

/** An empty one is none; what else is no time is a mistake. */
const duration = z
  .string()
  .optional()
  .transform((text, context) => {
    const ms = readDuration(text);
    if (ms === undefined && text !== undefined && text !== '')
      context.issues.push({ code: 'custom', input: text, message: 'a time such as 5s or 500ms' });
    return ms;
  });

const answer = z.discriminatedUnion('action', [
  z.object({
    action: z.literal('reject'),
    data: z.object({ status: z.int().min(300).max(699), reason: reason.optional() }),
  }),
  z.object({ action: z.literal('redirect'), data: z.object({ contact: uris }) }),
  z.object({
    action: z.literal('proxy'),
    data: z.object({
      destination: uris,
      recordRoute: z.boolean().default(false),
      followRedirects: z.boolean().default(true),
      simultaneous: z.boolean().default(false),
      provisionalTimeout: duration,
      finalTimeout: duration,
    }),
  }),
  z.object({
    action: z.literal('route'),
    data: z.union([z.object({ uri: z.string() }), z.object({ tag: z.string().min(1).max(32) })]),
  }),
]);

/** Reads a web server's answer; undefined when it is not one. */
export function readDecision(text: string): Decision | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const read = answer.safeParse(json);
  if (!read.success) return undefined;
  const { action, data } = read.data;
  switch (action) {
    case 'reject': {
      const { status, reason } = data;
      return { kind: 'reject', status, ...(reason ? { reason } : {}) };
    }
    case 'redirect':
      return { kind: 'redirect', contacts: data.contact };
    case 'proxy':
      return {
        kind: 'proxy',
        destinations: data.destination,
        recordRoute: data.recordRoute,
        followRedirects: data.followRedirects,
        simultaneous: data.simultaneous,
        provisionalTimeoutMs: data.provisionalTimeout,
        finalTimeoutMs: data.finalTimeout,
      };
    case 'route': {
      if ('tag' in data) return { kind: 'tag', tag: data.tag };
      const to = readProgramAddress(data.uri);
      return to && { kind: 'connect', to };
    }
  }
}

/** `host:port`, `host:port;transport=tls`, `[2001:db8::1]:3001`. */
export function readProgramAddress(text: string): ProgramAddress | undefined {
  const [, bracketed, plain = '', digits, transport = 'tcp'] =
    /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9._-]{1,253})):(\d{1,5})(?:;transport=(tcp|tls))?$/i.exec(
      text,
    ) ?? [];
  const port = Number(digits);
  if (digits === undefined || port < 1 || port > 65_535) return undefined;
  return { host: bracketed ?? plain, port, tls: transport.toLowerCase() === 'tls' };
}
