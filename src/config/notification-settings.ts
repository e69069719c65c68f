import { z } from 'zod';
import { eventKinds, eventLevels } from '../edge/event-kinds.ts';
import { fileName } from '../policy/forms.ts';
import { expected, type Understood, understood, written } from '../policy/written.ts';
import { readHostPort } from './forms.ts';
import { linePlaces, readTemplate, subjectPlaces } from './notification-template.ts';
import { showHost } from './problem.ts';
import { whole } from './schema-words.ts';
import { secret } from './secret.ts';
import { isInClear, namesUser, secretUrl } from './secret-url.ts';

/** Where the token goes in a URL. */
export const TOKEN_PLACE = '{token}';

const mailbox = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([^@\s]+)$/;

const isMailbox = (text: string): boolean => {
  const [, host = ''] = mailbox.exec(text) ?? [];
  const place = readHostPort(host);
  return place.ok && place.value.port === undefined;
};

function readMailbox(text: string): Understood<string> {
  return isMailbox(text) ? understood(text) : expected('an e-mail address: anna@example.com');
}

const MOST_ADDRESSES = 20;

function readMailboxes(text: string): Understood<readonly string[]> {
  const addresses = text.split(',').map((one) => one.trim());
  return addresses.length <= MOST_ADDRESSES && addresses.every(isMailbox)
    ? understood(addresses)
    : expected(
        'an e-mail address, or several with commas between: anna@example.com, b@example.com',
      );
}

/** As written: `{token}` stays until something is sent. */
function readWebhook(text: string): Understood<string> {
  const form = `an https:// URL, ${TOKEN_PLACE} in it where a token goes`;
  const url = secretUrl(text, TOKEN_PLACE);
  if (url === undefined) return expected(form);
  if (namesUser(url)) return expected(`${form}; no user and password in it`);
  if (/^https?:\/\/[^/]*\{token\}/i.test(text))
    return expected(`${form}, and not in the name of the host`);
  if (isInClear(url))
    return expected(`${form}: over http:// anybody on the way reads what happens`, {
      meant: showHost(text.replace(/^http/i, 'https')),
    });
  return understood(text);
}

const want = z.strictObject({
  level: z
    .enum(eventLevels)
    .default('alert')
    .describe('events of this level and above: info, warn, alert'),
  kinds: z
    .array(z.enum(eventKinds))
    .default([])
    .describe('only these: blocked, pbx, fault; none: every kind'),
});

const contact = z
  .strictObject({
    email: written(readMailboxes).optional().describe('where to; several with commas between'),
    webhook: written(readWebhook, { secret: 'path' })
      .optional()
      .describe('where to, in place of email: https://…; {token} where a token goes'),
    form: z
      .enum(['json', 'slack', 'teams'])
      .default('json')
      .describe('of a webhook: json for programs; slack; teams (a workflow that takes cards)'),
    token: secret
      .optional()
      .describe(
        'what stands for {token}, a variable; without {token} sent as Authorization: Bearer',
      ),
    tokenFile: fileName.optional().describe('a file that holds it, in place of the variable'),
    wants: z
      .array(want)
      .min(1)
      .default([{ level: 'alert', kinds: [] }])
      .describe('what is told: whatever any of these takes'),
    quiet: z
      .array(z.string())
      .default([])
      .describe('times (times.yaml) in which messages wait, and come as one at their end'),
    inQuiet: z
      .enum(['alert', 'nothing'])
      .default('alert')
      .describe('what is told in quiet times all the same: alert, or nothing'),
    calmSeconds: whole(1, 3600)
      .default(20)
      .describe('what happens is one message, sent when nothing more came for so long'),
    groupSeconds: whole(1, 86_400).default(120).describe('but no later than this after the first'),
    alertSeconds: whole(0, 3600).default(5).describe('an alert waits so long for others'),
    perHour: whole(1, 1000)
      .default(12)
      .describe('no more messages an hour, of alerts and of all else; what is more goes together'),
    keepHours: whole(1, 720)
      .default(72)
      .describe('how long it is tried when the mail server or the webhook cannot be reached'),
    template: z.string().optional().describe('one of templates; none: the usual words'),
  })
  .refine(
    ({ email, webhook }) => (email === undefined) !== (webhook === undefined),
    'an email or a webhook, one of the two',
  );

const template = z.strictObject({
  subject: written(readTemplate(subjectPlaces))
    .default('[{gate}] {level}: {summary}')
    .describe(`of the message: ${subjectPlaces.map((one) => `{${one}}`).join(' ')}`),
  line: written(readTemplate(linePlaces))
    .default('{time}  {level}  {what}')
    .describe(`of each event: ${linePlaces.map((one) => `{${one}}`).join(' ')}`),
});
export type TemplateWritten = z.output<typeof template>;
export const usualTemplate: TemplateWritten = template.parse({});

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/, 'letters, digits, "-" or "_", at most 32');

/** E2: who is told of what happens, and how. */
export const notificationsSchema = z
  .strictObject({
    smtp: z
      .strictObject({
        server: written(readHostPort)
          .nullable()
          .default(null)
          .describe('host or host:port of the mail server; null: no e-mail'),
        tls: z
          .enum(['starttls', 'implicit', 'off'])
          .default('starttls')
          .describe(
            'starttls (port 587) and implicit (465) are insisted on; off (25): in the clear',
          ),
        authorities: fileName
          .optional()
          .describe("PEM file of the authorities that sign the server's certificate"),
        user: z
          .string()
          .regex(/^[^\p{Cc}]{1,256}$/u, 'a user name')
          .nullable()
          .default(null)
          .describe('null: no login'),
        password: secret
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the form the operator writes.
          .default('${DRAWBRIDGE_SMTP_PASSWORD}')
          .describe('a variable'),
        passwordFile: fileName
          .optional()
          .describe('a file that holds it, in place of the variable'),
        from: written(readMailbox)
          .nullable()
          .default(null)
          .describe('who it comes from; null: user, where that is an address'),
        timeoutSeconds: whole(1, 120).default(20).describe('how long the server may say nothing'),
      })
      .prefault({}),
    contacts: z.record(name, contact).default({}).describe('by name: who is told, and of what'),
    templates: z.record(name, template).default({}).describe('by name: other words'),
  })
  .prefault({});
export type ContactWritten = z.output<typeof contact>;
export type SmtpWritten = z.output<typeof notificationsSchema>['smtp'];
