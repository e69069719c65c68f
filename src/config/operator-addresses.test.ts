import { expect, test } from 'vitest';
import { Operators, operatorAddresses } from './operator-addresses.ts';

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

test('who has told the gate something once is an operator from then on, up to a bound', () => {
  const operators = new Operators(['192.0.2.7']);
  expect(operators.with(['198.51.100.7'])).toEqual(['192.0.2.7', '198.51.100.7']);
  expect(operators.with()).toEqual(['192.0.2.7', '198.51.100.7']);
  for (let index = 0; index < 100; index++) operators.with([`192.0.2.${index}`]);
  expect(operators.known).toHaveLength(32);
});
