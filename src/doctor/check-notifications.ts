import type { SmtpSettings } from '../config/settings.ts';
import { whyNoMail } from '../control/notify/send-mail.ts';
import { about, type Examined, type Finding } from './finding.ts';

const notifications = about('notifications');

/** Is anybody told, and can he be reached? */
export async function checkNotifications({
  settings,
  status,
}: Examined): Promise<readonly Finding[]> {
  const { contacts, smtp } = settings.notifications;
  if (contacts.length === 0)
    return [
      notifications.warn(
        'nobody is told when something happens',
        'name a contact in policies/notifications.yaml, and try it: drawbridge notify --test NAME',
      ),
    ];
  const mail = contacts.filter(({ to }) => 'addresses' in to);
  const findings = [
    ...(mail.length > 0 && smtp !== undefined ? [await lookAtMail(smtp)] : []),
    ...contacts.flatMap(({ name, wants }) =>
      wants.every(({ kinds }) => kinds.length > 0 && !kinds.some((kind) => serious.includes(kind)))
        ? [
            notifications.warn(
              `${name} is not told when the PBX is lost or the gate fails`,
              `add level: alert to notifications.contacts.${name}.wants`,
            ),
          ]
        : [],
    ),
    ...(status?.contacts ?? []).flatMap(({ name, failing }) =>
      failing === undefined
        ? []
        : [
            notifications.bad(
              `${name} cannot be reached: ${failing.text}`,
              `messages are kept; try drawbridge notify --test ${name}`,
            ),
          ],
    ),
  ];
  return findings.some(({ level }) => level !== 'ok')
    ? findings
    : [...findings, notifications.ok(`${contacts.map(({ name }) => name).join(', ')} are told`)];
}

const serious: readonly string[] = ['pbx', 'fault'];

async function lookAtMail(smtp: SmtpSettings): Promise<Finding> {
  const { host, heldByGate } = smtp;
  if (heldByGate !== undefined)
    return notifications.ok(
      `${heldByGate} is set for the gate only: the mail server ${host} is not tried from here`,
      'drawbridge notify --test NAME has the gate try it',
    );
  const why = await whyNoMail(smtp);
  return why === undefined
    ? notifications.ok(`the mail server ${host} takes mail from here`)
    : notifications.bad(
        `the mail server ${host} takes nothing: ${why}`,
        'see notifications.smtp in policies/notifications.yaml',
      );
}
