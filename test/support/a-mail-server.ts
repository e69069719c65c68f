import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { issueCertificate } from '../../src/engine/transport/certificate/issue-certificate.ts';
import { ownAddress } from './own-address.ts';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  /** Its text, whatever it was encoded in. */
  readonly text: string;
  /** As it came over the wire. */
  readonly raw: string;
  readonly secure: boolean;
  readonly user: string | undefined;
}

export interface MailServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** What it took. */
  readonly mails: readonly Mail[];
  /** The certificate of whoever signed its own, PEM. */
  readonly authority: string;
}

export interface MailServerOptions {
  readonly address?: string;
  readonly port?: number;
  /** From the first byte; otherwise by STARTTLS, or not at all. */
  readonly tls?: 'implicit' | 'starttls' | 'none';
  /** Who may send: nobody else. */
  readonly login?: { readonly user: string; readonly password: string };
  /** What it says of a recipient: a status and a text; undefined takes it. */
  readonly refuses?: (address: string) => readonly [number, string] | undefined;
}

/** A real mail server, on an address of its own, that keeps what it takes. */
export async function aMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const { address = ownAddress(), port = 0, tls = 'none', login, refuses } = options;
  const [notBefore, notAfter] = [-1, 1].map((days) => new Date(Date.now() + days * 86_400_000));
  const { certificate, key } = issueCertificate({
    commonName: 'mail',
    names: [address],
    notBefore: notBefore ?? new Date(),
    notAfter: notAfter ?? new Date(),
    authority: true,
  });
  const mails: Mail[] = [];
  const server = new SMTPServer({
    ...{ key, cert: certificate, secure: tls === 'implicit', hideSTARTTLS: tls === 'none' },
    ...{ disableReverseLookup: true, authOptional: login === undefined, closeTimeout: 10 },
    allowInsecureAuth: true,
    ...(tls === 'none' && { disabledCommands: ['STARTTLS'] }),
    onAuth({ username, password }, _session, answer) {
      const known = username === login?.user && password === login?.password;
      // some servers say more than they should
      const no = Object.assign(new Error(`wrong: ${password}`), { responseCode: 535 });
      if (known) answer(null, { user: username });
      else answer(no);
    },
    onRcptTo({ address: to }, _session, answer) {
      const [responseCode, text] = refuses?.(to) ?? [];
      if (responseCode === undefined) answer();
      else answer(Object.assign(new Error(text), { responseCode }));
    },
    onData(stream, { envelope, secure, user }, answer) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString('utf8');
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        const to = envelope.rcptTo.map((one) => one.address);
        mails.push({ ...{ from, to, raw, secure, user: user || undefined }, ...read(raw) });
        answer();
      });
    },
  });
  server.on('error', () => undefined);
  const listening = once(server.server, 'listening');
  server.listen(port, address);
  await listening;
  return {
    ...{ address, mails, authority: certificate },
    port: (server.server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Enough of MIME for mails of one part. */
function read(raw: string): Pick<Mail, 'subject' | 'text'> {
  const [head = '', ...rest] = raw.split('\r\n\r\n');
  const header = (name: string): string =>
    new RegExp(`^${name}: (.*)$`, 'im').exec(head.replace(/\r\n[ \t]+/g, ' '))?.[1] ?? '';
  const body = rest.join('\r\n\r\n');
  const encoding = header('Content-Transfer-Encoding').toLowerCase();
  const text =
    encoding === 'base64'
      ? Buffer.from(body, 'base64').toString('utf8')
      : encoding === 'quoted-printable'
        ? bytes(body.replace(/=\r\n/g, ''), '=')
        : body;
  const subject = header('Subject').replace(
    /=\?utf-8\?([qb])\?([^?]*)\?=(?: (?==\?))?/gi,
    (_, how: string, coded: string) =>
      how.toLowerCase() === 'b'
        ? Buffer.from(coded, 'base64').toString('utf8')
        : bytes(coded.replaceAll('_', ' '), '='),
  );
  return { subject, text: text.replaceAll('\r\n', '\n') };
}

const bytes = (text: string, mark: string): string =>
  Buffer.from(
    text.replace(new RegExp(`${mark}([0-9A-F]{2})`, 'gi'), (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    ),
    'latin1',
  ).toString('utf8');
