import type { Conflict, Surroundings } from './compile.ts';
import { mustBe } from './must-be.ts';
import {
  type ContactWritten,
  type SmtpWritten,
  TOKEN_PLACE,
  usualTemplate,
} from './notification-settings.ts';
import { isHere } from './own-addresses.ts';
import { mismatch } from './problem.ts';
import type { SettingsTree } from './schema.ts';
import { secretFrom } from './secret-from.ts';
import { heldByGateOnly } from './secret-of.ts';
import type { ContactSettings, NotificationSettings, SmtpSettings } from './settings.ts';

const MOST_CONTACTS = 64;
const usualPorts = { starttls: 587, implicit: 465, off: 25 } as const;

/** Nothing that would be another place in a URL, or a second header. */
const tokenForm = {
  allowed: /^(?!.*\.\.)[A-Za-z0-9._~+=%/-]{4,1024}$/,
  expected: '4 to 1024 letters, digits or . _ ~ + = % / -',
};
const passwordForm = {
  allowed: /^[^\p{Cc}]{1,256}$/u,
  expected: 'one line, at most 256 characters',
};

/** Who is told of what happens, with passwords and tokens; or what in it does not go together. */
export function compileNotifications(
  { notifications, times }: Pick<SettingsTree, 'notifications' | 'times'>,
  surroundings: Surroundings,
  problems: Conflict[],
): NotificationSettings {
  const { smtp, contacts, templates } = notifications;
  const names = Object.keys(contacts);
  if (names.length > MOST_CONTACTS) {
    const text = mismatch(`${names.length} contacts`, `at most ${MOST_CONTACTS}`);
    problems.push([{ path: ['notifications', 'contacts'], text }]);
  }
  return {
    smtp: compileSmtp(smtp, surroundings, problems),
    contacts: Object.entries(contacts).map(([name, contact]) => {
      const path = ['notifications', 'contacts', name];
      for (const [index, time] of contact.quiet.entries())
        mustBe(time, Object.keys(times), 'time', [...path, 'quiet', index], problems);
      const { template } = contact;
      if (template !== undefined)
        mustBe(template, Object.keys(templates), 'template', [...path, 'template'], problems);
      if (contact.email !== undefined && smtp.server === null) {
        const text = mismatch('an address, and no mail server', 'notifications.smtp.server');
        problems.push([{ path: [...path, 'email'], text }]);
      }
      return compileContact(name, contact, templates, surroundings, problems);
    }),
  };
}

function compileContact(
  name: string,
  { email, webhook, form, token, tokenFile, template, ...rest }: ContactWritten,
  templates: SettingsTree['notifications']['templates'],
  surroundings: Surroundings,
  problems: Conflict[],
): ContactSettings {
  const path = ['notifications', 'contacts', name];
  const words = (template === undefined ? undefined : templates[template]) ?? usualTemplate;
  if (webhook === undefined) {
    for (const [key, value] of Object.entries({ token, tokenFile }))
      if (value !== undefined)
        problems.push([{ path: [...path, key], text: mismatch(`a ${key}`, 'none for an email') }]);
    return { ...rest, name, template: words, to: { addresses: email ?? [] } };
  }
  const inUrl = webhook.includes(TOKEN_PLACE);
  if (inUrl && token === undefined && tokenFile === undefined) {
    const text = mismatch(`${TOKEN_PLACE}, and no token`, 'a token or a tokenFile with it');
    problems.push([{ path: [...path, 'webhook'], text }]);
  }
  if (!inUrl && form !== 'json') {
    const text = mismatch(
      `a URL of ${form} without ${TOKEN_PLACE}`,
      `${TOKEN_PLACE} in place of what is secret in it, and a token or a tokenFile`,
    );
    problems.push([{ path: [...path, 'webhook'], text }]);
  }
  const value =
    token === undefined && tokenFile === undefined
      ? undefined
      : secretFrom(
          { variable: token, file: tokenFile, at: path, keys: ['token', 'tokenFile'] },
          tokenForm,
          surroundings,
          problems,
        );
  return {
    ...rest,
    name,
    template: words,
    to: { webhook, form, ...(value !== undefined && { token: value }) },
  };
}

function compileSmtp(
  { server, password, passwordFile, authorities, from, ...rest }: SmtpWritten,
  surroundings: Surroundings,
  problems: Conflict[],
): SmtpSettings | undefined {
  if (server === null) return undefined;
  const { user, tls } = rest;
  const path = ['notifications', 'smtp'];
  if (user !== null && tls === 'off' && !isHere(server.host)) {
    const text = mismatch('a password in the clear', 'starttls or implicit, or no user');
    problems.push([
      { path: [...path, 'tls'], text },
      { path: [...path, 'user'], text },
    ]);
  }
  const sender = from ?? (user?.includes('@') === true ? user : undefined);
  if (sender === undefined) {
    const text = mismatch('nothing', 'who it comes from: drawbridge@example.com');
    problems.push([{ path: [...path, 'from'], text }]);
  }
  const elsewhere =
    user === null || passwordFile !== undefined
      ? undefined
      : heldByGateOnly(password, surroundings);
  return {
    ...rest,
    ...(authorities !== undefined && { authorities }),
    ...(elsewhere !== undefined && { heldByGate: elsewhere }),
    host: server.host,
    port: server.port ?? usualPorts[tls],
    from: sender ?? '',
    password:
      user === null
        ? ''
        : secretFrom(
            {
              variable: password,
              file: passwordFile,
              at: path,
              keys: ['password', 'passwordFile'],
            },
            passwordForm,
            surroundings,
            problems,
          ),
  };
}
