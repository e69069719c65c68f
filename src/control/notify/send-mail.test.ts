import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aMailServer, type MailServer } from '../../../test/support/a-mail-server.ts';
import { ownAddress } from '../../../test/support/own-address.ts';
import { usualTemplate } from '../../config/notification-settings.ts';
import type { SmtpSettings } from '../../config/settings.ts';
import { withEvent } from './group.ts';
import { sendMail, whyNoMail } from './send-mail.ts';
import { writeMessage } from './write-message.ts';

const PASSWORD = 'a-password-of-the-test';
const signal = new AbortController().signal;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mail-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function smtpOf({ address, port, authority }: MailServer, more: Partial<SmtpSettings> = {}) {
  const authorities = join(folder, 'authority.pem');
  writeFileSync(authorities, authority);
  return {
    ...{ host: address, port, tls: 'off', user: null, password: '', timeoutSeconds: 5 },
    ...{ from: 'gate@example.com', authorities, ...more },
  } as const satisfies SmtpSettings;
}

const message = (text = 'PBX node a is lost', template = usualTemplate) =>
  writeMessage(
    withEvent(undefined, { at: 0, level: 'alert', kind: 'pbx', count: 1, text }, 0),
    { name: 'anna', template },
    { gate: 'gate-1', timeZone: 'Europe/Berlin' },
  );

describe('a mail', () => {
  test('arrives, for all its addresses, and says that no person wrote it', async () => {
    await using server = await aMailServer();
    await sendMail(smtpOf(server), ['anna@example.com', 'b@example.com'], message(), signal);
    expect(server.mails).toMatchObject([
      {
        ...{ from: 'gate@example.com', to: ['anna@example.com', 'b@example.com'], secure: false },
        subject: '[gate-1] alert: pbx - PBX node a is lost',
        text: '1970-01-01 01:00:00  alert  pbx - PBX node a is lost\n\nDrawbridge on gate-1\n',
        raw: expect.stringContaining('Auto-Submitted: auto-generated'),
      },
    ]);
  });

  test.each(['starttls', 'implicit'] as const)('goes over TLS by %s, with a login', async (tls) => {
    const login = { user: 'gate', password: PASSWORD };
    await using server = await aMailServer({ tls, login });
    const smtp = smtpOf(server, { tls, ...login });
    expect(await whyNoMail(smtp)).toBeUndefined();
    await sendMail(smtp, ['anna@example.com'], message(), signal);
    expect(server.mails).toMatchObject([{ secure: true, user: 'gate' }]);
  });

  test('goes to no server without TLS, or whose certificate nobody knows', async () => {
    await using plain = await aMailServer();
    const wanted = smtpOf(plain, { tls: 'starttls' });
    await expect(sendMail(wanted, ['a@example.com'], message(), signal)).rejects.toThrow();
    await using server = await aMailServer({ tls: 'implicit' });
    const { authorities: _, ...unknown } = smtpOf(server, { tls: 'implicit' });
    await expect(sendMail(unknown, ['a@example.com'], message(), signal)).rejects.toThrow(
      /certificate|self-signed/i,
    );
    expect([...plain.mails, ...server.mails]).toEqual([]);
  });

  test('a wrong password is said without the password, also where the server repeats it', async () => {
    await using server = await aMailServer({ login: { user: 'gate', password: 'another' } });
    const smtp = smtpOf(server, { user: 'gate', password: PASSWORD });
    const why = await whyNoMail(smtp);
    expect(why).toMatch(/535/);
    expect(why).not.toContain(PASSWORD);
    await expect(sendMail(smtp, ['a@example.com'], message(), signal)).rejects.toMatchObject({
      refused: false,
      message: expect.not.stringContaining(PASSWORD),
    });
  });

  test('that is refused is told from a server that is busy', async () => {
    await using server = await aMailServer({
      refuses: (to) => (to.startsWith('no') ? [550, 'nobody here'] : [451, 'later']),
    });
    const send = (to: string) => sendMail(smtpOf(server), [to], message(), signal);
    await expect(send('nobody@example.com')).rejects.toMatchObject({ refused: true });
    await expect(send('anna@example.com')).rejects.toMatchObject({ refused: false });
  });

  test('is one, whatever strangers write', async () => {
    await using server = await aMailServer();
    const text =
      'x\r\nBcc: victim@example.com\r\n\r\n.\r\nMAIL FROM:<a@b>\u202e http://evil.example <b>';
    const template = { subject: '{summary} {text}', line: '{text}' };
    await sendMail(smtpOf(server), ['anna@example.com'], message(text, usualTemplate), signal);
    await sendMail(smtpOf(server), ['anna@example.com'], message(text, template), signal);
    expect(server.mails).toHaveLength(2);
    for (const { to, raw, subject, text: body } of server.mails) {
      expect(to).toEqual(['anna@example.com']);
      expect(raw).not.toMatch(/^Bcc:/m);
      expect(subject).toContain('x??Bcc: victim@example.com');
      expect(body).toContain('MAIL FROM:<a@b>? http[:]//evil.example <b>');
    }
  });

  describe('where the server', () => {
    let silent: Server;
    const open = new Set<Socket>();
    const listen = async (say: (socket: Socket) => void): Promise<SmtpSettings> => {
      const address = ownAddress();
      silent = createServer((socket) => {
        open.add(socket.on('error', () => undefined));
        say(socket);
      });
      await new Promise<void>((resolve) => silent.listen(0, address, resolve));
      const { port } = silent.address() as { port: number };
      return {
        ...{ host: address, port, tls: 'off', user: null, password: '', timeoutSeconds: 1 },
        from: 'gate@example.com',
      };
    };
    afterEach(() => {
      for (const socket of open) socket.destroy();
      silent.close();
    });

    test('says nothing is given up in time', async () => {
      const smtp = await listen(() => undefined);
      const began = performance.now();
      await expect(sendMail(smtp, ['a@example.com'], message(), signal)).rejects.toThrow();
      expect(performance.now() - began).toBeLessThan(3000);
    });

    test.each(['PLAIN', 'LOGIN'])(
      'repeats the whole command of a login by %s, that is not said',
      async (how) => {
        const user = 'gate-1';
        const smtp = await listen((socket) => {
          socket.write('220 mail\r\n');
          socket.on('data', (chunk) => {
            const said = chunk.toString().trim();
            if (said.startsWith('EHLO')) socket.write(`250-mail\r\n250 AUTH ${how}\r\n`);
            else if (said === 'AUTH LOGIN') socket.write('334 VXNlcm5hbWU6\r\n');
            else if (said === btoa(user)) socket.write('334 UGFzc3dvcmQ6\r\n');
            else socket.write(`500 unknown: ${said}\r\n`);
          });
        });
        const why = await whyNoMail({ ...smtp, user, password: PASSWORD });
        expect(why).toMatch(/unknown: (AUTH PLAIN )?\*\*\*/);
      },
    );

    test('trickles for ever is given up as well', async () => {
      const smtp = await listen((socket) => {
        socket.write('220 mail\r\n');
        const timer = setInterval(() => socket.write('250-more\r\n'), 100);
        socket.on('close', () => clearInterval(timer));
      });
      await expect(sendMail(smtp, ['a@example.com'], message(), signal)).rejects.toThrow(
        'the mail server took longer than 3 s',
      );
    });
  });
});
