import { expect, test } from 'vitest';
import { methodAt } from './method.ts';

test.each([
  'REGISTER',
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'OPTIONS',
  'INFO',
  'MESSAGE',
  'NOTIFY',
  'PRACK',
  'PUBLISH',
  'REFER',
  'SUBSCRIBE',
  'UPDATE',
  'invite',
  'INVITF',
  'A',
  'NEWLY-INVENTED-METHOD',
  '',
])('reads %j as it stands', (method) => {
  const wire = `xx${method} more`;
  expect(methodAt(wire, 2, 2 + method.length)).toBe(method);
});
