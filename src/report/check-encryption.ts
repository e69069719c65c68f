import { isIP } from 'node:net';
import { hostOf } from '../config/forms.ts';
import { about, type Examined, type Finding } from '../doctor/finding.ts';
import { isLoopback, isPublic } from '../doctor/this-machine.ts';

const encryption = about('TLS');
const secure = ['tls', 'wss'];

/** What can be read on its way? */
export function checkEncryption({ settings }: Examined): readonly Finding[] {
  const { listeners, drachtio, pbx, trunks, policy } = settings;
  const findings: Finding[] = [];
  const phones = listeners.filter(
    ({ realm, address }) => realm === 'access' && !isLoopback(address),
  );
  const clear = phones.filter(({ transport }) => !secure.includes(transport));
  const { transports } = policy.extensions.defaults;
  const insisted = transports?.every((one) => secure.includes(one)) === true;
  if (drachtio.servers.length > 0)
    findings.push(encryption.ok("listeners are the drachtio-server's"));
  else if (phones.length > 0 && clear.length === phones.length)
    findings.push(
      encryption.bad(
        'no phone can use TLS: there is no such listener',
        'listen on tls:0.0.0.0:5061',
      ),
    );
  else if (clear.length > 0 && !insisted)
    findings.push(
      encryption.warn(
        `phones may come in the clear: ${clear.length} of ${phones.length} listeners have no TLS`,
        'extensions.defaults.transports: [tls, wss], or take those listeners out',
      ),
    );
  else findings.push(encryption.ok('phones have to come over TLS'));
  for (const { name, uri } of [...pbx.nodes, ...trunks])
    if (!isSecure(uri) && leavesTheHouse(uri))
      findings.push(
        encryption.warn(
          `${name} is spoken to in the clear, over the internet (${uri})`,
          'sips: or ;transport=tls where the other side can, or a tunnel',
        ),
      );
  return findings;
}

const isSecure = (uri: string): boolean => /^sips:|;transport=(?:tls|wss)/i.test(uri);

/** A name may lead anywhere. */
function leavesTheHouse(uri: string): boolean {
  const host = hostOf(uri);
  if (host === undefined || host === 'localhost') return false;
  return isIP(host) === 0 || isPublic(host);
}
