import { isIP } from 'node:net';
import { type Environment, environment } from './environment.ts';

/** Where whoever runs this sits, when that is known: behind SSH. */
export function operatorAddresses(variables: Environment = environment()): readonly string[] {
  const { SSH_CONNECTION: connection, SSH_CLIENT: client } = variables;
  const [address = ''] = (connection ?? client ?? '').split(' ');
  const [plain = ''] = address.replace(/^::ffff:(?=\d+\.)/i, '').split('%');
  return isIP(plain) === 0 ? [] : [plain];
}
