import { expect, test } from 'vitest';
import { aRequest, aResponse } from '../../../test/support/a-message.ts';
import type { Channel } from '../transport/transports.ts';
import { RegisteredContacts } from './registered-contacts.ts';

const aConnection = () => ({ reliable: true, open: true }) as { open: boolean } & Channel;
const nobody = () => false;
const register = (contact: string, expires = '60') =>
  aRequest({ method: 'REGISTER', headers: { Contact: contact, Expires: expires } });
const granted = (contact?: string) =>
  aResponse({ method: 'REGISTER', headers: { Contact: contact } });

test('whoever registered over a connection is reached over it, until it closes or expires', () => {
  const contacts = new RegisteredContacts(10, nobody);
  const connection = aConnection();
  contacts.accepted(register('<sip:a@b.invalid:7;ob>'), granted(), connection, 1000);
  expect(contacts.channelTo('sip:a@b.invalid', 2000)).toBe(connection);
  expect(contacts.channelTo('sip:A@b.invalid', 2000)).toBeUndefined();
  expect(contacts.channelTo('sip:b.invalid', 2000)).toBeUndefined();
  expect(contacts.channelTo('sip:a@b.invalid', 62_000)).toBeUndefined();
  contacts.accepted(register('<sip:a@b.invalid>'), granted(), connection, 1000);
  connection.open = false;
  expect(contacts.channelTo('sip:a@b.invalid', 2000)).toBeUndefined();
});

test('what the program granted counts before what was asked for; nothing ends it', () => {
  const contacts = new RegisteredContacts(10, nobody);
  const connection = aConnection();
  contacts.accepted(
    register('<sip:a@b>'),
    granted('<sip:x@y>;expires=9, <sip:a@b>;expires=5'),
    connection,
    0,
  );
  expect(contacts.channelTo('sip:a@b', 4000)).toBe(connection);
  expect(contacts.channelTo('sip:a@b', 6000)).toBeUndefined();
  contacts.accepted(register('<sip:a@b>'), granted(), connection, 0);
  contacts.accepted(register('<sip:a@b>;expires=0'), granted(), connection, 0);
  expect(contacts.channelTo('sip:a@b', 1)).toBeUndefined();
});

test('a datagram leaves nothing, a star and what is no address neither', () => {
  const contacts = new RegisteredContacts(10, nobody);
  const datagram = { ...aConnection(), reliable: false };
  contacts.accepted(register('<sip:a@b>'), granted(), datagram as Channel);
  contacts.accepted(register('*', '0'), granted(), aConnection());
  contacts.accepted(register('<tel:+1>'), granted(), aConnection());
  expect(contacts.channelTo('sip:a@b')).toBeUndefined();
});

test("nobody takes another's Contact while that one is there; who comes back does", () => {
  const contacts = new RegisteredContacts(10, nobody);
  const [alice, again, mallory] = [aConnection(), aConnection(), aConnection()];
  const by = (user: string, method = 'REGISTER', expires = '60') =>
    aRequest({
      method,
      headers: {
        From: `<sip:${user}@x>;tag=1`,
        To: `<sip:${user}@x>`,
        Contact: '<sip:a@b>',
        Expires: expires,
      },
    });
  contacts.accepted(by('mallory', 'SUBSCRIBE'), granted(), mallory, 0);
  contacts.accepted(by('alice'), granted(), alice, 0);
  expect(contacts.channelTo('sip:a@b', 1)).toBe(alice);
  contacts.accepted(by('mallory'), granted(), mallory, 1);
  contacts.accepted(by('mallory', 'REGISTER', '0'), granted(), mallory, 1);
  contacts.accepted(by('alice', 'SUBSCRIBE'), granted(), mallory, 1);
  expect(contacts.channelTo('sip:a@b', 2)).toBe(alice);
  contacts.accepted(by('alice'), granted(), again, 2);
  expect(contacts.channelTo('sip:a@b', 3)).toBe(again);
  again.open = false;
  contacts.accepted(by('mallory'), granted(), mallory, 3);
  expect(contacts.channelTo('sip:a@b', 4)).toBe(mallory);
});

test('who names the address of the PBX or of a carrier gets nothing that is for it, unless he stands there', () => {
  const contacts = new RegisteredContacts(10, (host) => ['192.0.2.1', 'pbx'].includes(host));
  const phone = { ...aConnection(), address: '198.51.100.7' } as Channel;
  const onItsMachine = { ...aConnection(), address: '192.0.2.1' } as Channel;
  for (const host of ['192.0.2.1', 'pbx', 'pbx.invalid'])
    contacts.accepted(register(`<sip:a@${host}>`), granted(), phone);
  expect(contacts.channelTo('sip:a@192.0.2.1')).toBeUndefined();
  expect(contacts.channelTo('sip:a@PBX;transport=tcp')).toBeUndefined();
  expect(contacts.channelTo('sip:a@pbx.invalid')).toBe(phone);
  contacts.accepted(register('<sip:b@192.0.2.1>'), granted(), onItsMachine);
  expect(contacts.channelTo('sip:b@192.0.2.1')).toBe(onItsMachine);
});

test('there are no more of them than allowed: the oldest goes', () => {
  const contacts = new RegisteredContacts(2, nobody);
  for (const user of ['a', 'b', 'c'])
    contacts.accepted(register(`<sip:${user}@x>`), granted(), aConnection());
  expect(['a', 'b', 'c'].map((user) => contacts.channelTo(`sip:${user}@x`) !== undefined)).toEqual([
    false,
    true,
    true,
  ]);
});
