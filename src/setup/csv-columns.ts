import { transports } from '../config/forms.ts';
import type { ImportedExtension } from './imported.ts';
import { several } from './several.ts';

type Settings = ImportedExtension['settings'];

interface Column {
  /** As it is written in the first line, in any case, with blanks, `-` or `_`. */
  readonly name: string;
  readonly others?: readonly string[];
  /** Of the extension's keys, the one it fills. */
  readonly key: keyof Settings;
  readonly help: string;
  /** What a cell that is not empty says; a text is what was expected instead. */
  readonly read: (cell: string) => Settings | string;
}

const number = (key: 'devices' | 'concurrentCalls') => (cell: string) =>
  /^\d{1,6}$/.test(cell) ? { [key]: Number(cell) } : 'a whole number';

const claim = (key: 'remote' | 'international') => (cell: string) => {
  if (/^(?:yes|true|1)$/i.test(cell)) return { [key]: true };
  return /^(?:no|false|0)$/i.test(cell) ? { [key]: false } : 'yes or no';
};

/** The columns of a table of extensions, besides `extension` and `name`. */
export const csvColumns: readonly Column[] = [
  {
    name: 'group',
    others: ['groups', 'department'],
    key: 'groups',
    help: 'groups it is in: sales, or sales|managers',
    read: (cell) => ({ groups: several(cell, /[|;,]/) }),
  },
  {
    name: 'user agent',
    others: ['user agents'],
    key: 'userAgents',
    help: 'how its User-Agent begins: Yealink SIP-T46, or several with | between',
    read: (cell) => ({ userAgents: several(cell, /\|/) }),
  },
  {
    name: 'allowed IPs',
    others: ['allowed ip', 'permitted ips', 'permitted ip'],
    key: 'permittedIps',
    help: 'addresses or networks it may register and call from: 192.0.2.0/24|198.51.100.7',
    read: (cell) => ({ permittedIps: several(cell, /[|;,\s]/) }),
  },
  {
    name: 'register name',
    others: ['auth name', 'auth user'],
    key: 'registerName',
    help: 'the digest user name it must register with',
    read: (cell) => ({ registerName: cell }),
  },
  {
    name: 'transports',
    others: ['transport'],
    key: 'transports',
    help: 'what it may register over: tls, or udp|tcp|tls|ws|wss',
    read(cell) {
      const named = several(cell.toLowerCase(), /[|;,\s]/);
      const known = transports.filter((one) => named.includes(one));
      return known.length === named.length
        ? { transports: known }
        : `some of ${transports.join(', ')}`;
    },
  },
  {
    name: 'devices',
    key: 'devices',
    help: 'how many may be registered at once',
    read: number('devices'),
  },
  {
    name: 'concurrent calls',
    key: 'concurrentCalls',
    help: 'its live calls at once',
    read: number('concurrentCalls'),
  },
  {
    name: 'remote',
    key: 'remote',
    help: 'yes or no: may it register from outside the local networks',
    read: claim('remote'),
  },
  {
    name: 'international',
    key: 'international',
    help: 'no bars it from calling abroad altogether',
    read: claim('international'),
  },
];
