import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { reasonOf } from '../../config/reason-of.ts';
import type { SmtpSettings } from '../../config/settings.ts';
import { CannotDeliver } from './cannot-deliver.ts';
import { cleanText } from './clean-text.ts';
import type { Message } from './write-message.ts';

/** A server that trickles is left after so many times its timeout. */
const WHOLE = 3;

/** Hands a message to the mail server. Throws `CannotDeliver`. */
export async function sendMail(
  smtp: SmtpSettings,
  to: readonly string[],
  { subject, lines, group }: Message,
  signal: AbortSignal,
): Promise<void> {
  const transport = await open(smtp);
  const whole = AbortSignal.timeout(smtp.timeoutSeconds * 1000 * WHOLE);
  try {
    await transport.sendMail({
      from: { name: 'Drawbridge', address: smtp.from },
      to: to.map((address) => ({ name: '', address })),
      subject,
      text: `${lines.join('\n')}\n`,
      ...(group.level === 'alert' && { priority: 'high' as const }),
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      disableFileAccess: true,
      disableUrlAccess: true,
      signal: AbortSignal.any([signal, whole]),
    });
  } catch (error) {
    throw whole.aborted
      ? new CannotDeliver(`the mail server took longer than ${smtp.timeoutSeconds * WHOLE} s`)
      : explained(error, smtp);
  } finally {
    transport.close();
  }
}

/** Is it there, does it speak TLS as wanted, does it know us? Undefined, or what is wrong. */
export async function whyNoMail(smtp: SmtpSettings): Promise<string | undefined> {
  const transport = await open(smtp);
  try {
    await transport.verify();
    return undefined;
  } catch (error) {
    return explained(error, smtp).message;
  } finally {
    transport.close();
  }
}

/** Loaded when it is first needed: whoever sends no mail keeps no memory for it. */
async function open(smtp: SmtpSettings) {
  const { host, port, tls, user, password, timeoutSeconds, authorities } = smtp;
  const { createTransport } = await import('nodemailer');
  const ms = timeoutSeconds * 1000;
  let ca: Buffer | undefined;
  try {
    if (authorities !== undefined) ca = readFileSync(authorities);
  } catch (error) {
    throw new CannotDeliver(`${authorities} cannot be read: ${reasonOf(error)}`);
  }
  return createTransport({
    ...{ host, port, secure: tls === 'implicit', requireTLS: tls === 'starttls' },
    ignoreTLS: tls === 'off',
    tls: {
      ...(ca && { ca }),
      ...(isIP(host) === 0 && { servername: host }),
      minVersion: 'TLSv1.2',
    },
    ...(user !== null && { auth: { user, pass: password } }),
    ...{ connectionTimeout: ms, greetingTimeout: ms, socketTimeout: ms, dnsTimeout: ms },
  });
}

/** 5xx is about this message, but for a login that is refused: that is about all of them. */
function explained(error: unknown, smtp: SmtpSettings): CannotDeliver {
  if (error instanceof CannotDeliver) return error;
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  const { user, password } = smtp;
  const login = Buffer.from(`\0${user}\0${password}`).toString('base64');
  const said = withoutSecret(reasonOf(error).replaceAll(login, '***'), password);
  const text = cleanText(said, 200);
  const refused =
    typeof responseCode === 'number' &&
    responseCode >= 500 &&
    (code === 'EENVELOPE' || code === 'EMESSAGE');
  return new CannotDeliver(text, { refused });
}

/** A server may well repeat what it was sent. */
export function withoutSecret(text: string, secret: string): string {
  if (secret.length < 4) return text;
  const forms = [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)];
  return forms.reduce((clean, one) => clean.replaceAll(one, '***'), text);
}
