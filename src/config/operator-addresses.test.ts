import { expect, test } from 'vitest';
import { operatorAddresses } from './operator-addresses.ts';

test.each([
  [{ SSH_CONNECTION: '192.0.2.7 50022 198.51.100.1 22' }, ['192.0.2.7']],
  [{ SSH_CLIENT: '2001:db8::7 50022 22' }, ['2001:db8::7']],
  [{ SSH_CONNECTION: '::ffff:192.0.2.7 50022 ::ffff:198.51.100.1 22' }, ['192.0.2.7']],
  [{ SSH_CONNECTION: 'fe80::7%eth0 50022 fe80::1%eth0 22' }, ['fe80::7']],
  [{ SSH_CONNECTION: 'UNKNOWN 65535 UNKNOWN 65535' }, []],
  [{}, []],
])('who is at %j', (environment, addresses) => {
  expect(operatorAddresses(environment)).toEqual(addresses);
});
