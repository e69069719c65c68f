import { afterAll, beforeAll, expect, test } from 'vitest';
import { aPbx } from '../../support/a-pbx.ts';
import { aProgramServer, type ProgramServer } from './program-server.ts';

/** Who subscribes to a program, and a program that does: `apps/presence.cjs`. */
let server: ProgramServer;
beforeAll(async () => {
  server = await aProgramServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

test('a subscription is accepted, notified, refreshed and ended', async () => {
  await using program = await server.program('presence');
  const phone = await server.phone();
  const subscribe = phone.request('SUBSCRIBE', 'sip:alice@example.test', {
    headers: { Event: 'presence', Expires: '60' },
  });
  const accepted = await phone.finalAnswer(subscribe);
  expect([accepted.status, accepted.header('Expires')]).toEqual([202, '60']);
  const notify = await phone.expect('NOTIFY');
  expect(notify.header('Subscription-State')).toBe('active;expires=60');
  expect([notify.fromTag, notify.toTag]).toEqual([accepted.toTag, subscribe.fromTag]);
  phone.answer(notify, 200);
  expect(await program.says('notified')).toMatchObject({ status: 200 });
  const again = (cseq: number, expires: string) =>
    phone.request('SUBSCRIBE', /<(.*)>/.exec(accepted.header('Contact') ?? '')?.[1] ?? '', {
      headers: {
        From: subscribe.header('From'),
        To: accepted.header('To'),
        'Call-ID': subscribe.callId,
        CSeq: `${cseq} SUBSCRIBE`,
        Event: 'presence',
        Expires: expires,
      },
    });
  expect((await phone.finalAnswer(again(2, '30'))).status).toBe(200);
  await program.says('refreshed');
  const ended = phone.finalAnswer(again(3, '0'));
  const last = await phone.expect('NOTIFY');
  expect(last.header('Subscription-State')).toBe('terminated;reason=timeout');
  phone.answer(last, 200);
  expect((await ended).status).toBe(202);
  await program.says('unsubscribed');
  await phone.close();
});

test('a program watches another, to the end', async () => {
  const pbx = await aPbx({ answersOptions: false });
  await using program = await server.program('presence', {
    args: [`sip:bob@127.0.0.1:${pbx.port}`],
  });
  const subscribe = await pbx.expect('SUBSCRIBE');
  expect(subscribe.header('Event')).toBe('dialog');
  expect(subscribe.header('Contact')).toMatch(/^<sip:/);
  pbx.answer(subscribe, 200, { headers: { Expires: '60' } });
  await program.says('watching');
  let cseq = 0;
  const notify = async (state: string, body: string) => {
    const sent = pbx.request(
      'NOTIFY',
      /<(.*)>/.exec(subscribe.header('Contact') ?? '')?.[1] ?? '',
      {
        to: subscribe.from,
        body,
        headers: {
          From: `${subscribe.header('To')};tag=${pbx.tagFor(subscribe.callId)}`,
          To: subscribe.header('From'),
          'Call-ID': subscribe.callId,
          CSeq: `${++cseq} NOTIFY`,
          Event: 'dialog',
          'Subscription-State': state,
          'Content-Type': 'application/dialog-info+xml',
        },
      },
    );
    expect((await pbx.finalAnswer(sent)).status).toBe(200);
  };
  await notify('active;expires=60', '<dialog-info/>');
  expect(await program.says('notify')).toMatchObject({ body: '<dialog-info/>' });
  await notify('terminated;reason=noresource', '<dialog-info/>');
  await program.says('destroy');
  await pbx.close();
});
