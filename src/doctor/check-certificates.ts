import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { reasonOf } from '../config/reason-of.ts';
import type { Settings } from '../config/settings.ts';
import { nameCovers } from '../engine/transport/certificate/certificate-names.ts';
import {
  type CertificatePair,
  daysToExpiry,
  readPair,
} from '../engine/transport/certificate/certificate-pair.ts';
import { selfSignedFiles } from '../engine/transport/certificate/self-signed.ts';
import { about, type Examined, type Finding } from './finding.ts';

const certificates = about('certificates');

/** Are they good, their own, and for the names that phones know the gate by? */
export function checkCertificates({ settings }: Examined): readonly Finding[] {
  const { tls, listeners, dataDirectory, drachtio } = settings;
  if (drachtio.servers.length > 0) return [certificates.ok("the drachtio-server's own")];
  if (!listeners.some(isSecure))
    return [
      certificates.warn(
        'no listener has TLS: passwords and calls can be read on the way',
        'listen on tls:0.0.0.0:5061',
      ),
    ];
  const own = tls.certificates.length > 0;
  const files = own ? tls.certificates : [selfSignedFiles(dataDirectory)];
  if (!own && !files.some(({ certificate }) => existsSync(certificate)))
    return [certificates.warn('a self-signed one will be made at the first start', NAME_YOUR_OWN)];
  const pairs: CertificatePair[] = [];
  const findings = files.map(({ certificate, key }) => {
    try {
      const pair = readPair(readFileSync(certificate, 'utf8'), readFileSync(key, 'utf8'));
      pairs.push(pair);
      return examine(certificate, pair, tls.warnDaysBeforeExpiry);
    } catch (error) {
      return certificates.bad(`${certificate}: ${reasonOf(error)}`, 'give a PEM pair that fits');
    }
  });
  return [...findings, ...names(settings, pairs)];
}

const NAME_YOUR_OWN =
  'phones must be told to trust it, or not to ask: name your own in tls.certificates (routes/listeners.yaml)';

const isSecure = ({ transport }: Settings['listeners'][number]): boolean =>
  transport === 'tls' || transport === 'wss';

function examine(file: string, pair: CertificatePair, warnDays: number): Finding {
  const { validFromDate, subject, issuer } = new X509Certificate(pair.certificate);
  const days = daysToExpiry(pair);
  const renew = 'renew it; new contents of the files are taken up without a restart';
  if (validFromDate.getTime() > Date.now())
    return certificates.bad(
      `${file} is good from ${validFromDate.toISOString()} only`,
      'is the clock right?',
    );
  if (days < 0) return certificates.bad(`${file} ended ${-days} days ago`, renew);
  if (days < warnDays) return certificates.warn(`${file} ends in ${days} days`, renew);
  if (subject === issuer)
    return certificates.warn(`${file} is self-signed, good for ${days} days`, NAME_YOUR_OWN);
  return certificates.ok(`${file} fits its key and is good for ${days} days`);
}

function names({ listeners }: Settings, pairs: readonly CertificatePair[]): readonly Finding[] {
  const hosts = new Set(
    listeners.filter(isSecure).flatMap(({ advertise }) => advertise?.host ?? []),
  );
  const known = pairs.flatMap((pair) => pair.names);
  if (hosts.size === 0)
    return [
      certificates.ok(
        `they are for ${known.join(', ')}`,
        'give the TLS listener the name that phones know it by (advertise), and it is compared',
      ),
    ];
  return [...hosts].map((host) =>
    known.some((name) => nameCovers(name, host))
      ? certificates.ok(`${host} is in one`)
      : certificates.bad(
          `${host} is in none of them: they are for ${known.join(', ') || 'nobody'}`,
          isIP(host) === 0 ? 'get one for that name' : 'advertise a host name, and get one for it',
        ),
  );
}
