import { constants } from 'node:crypto';
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { reasonOf } from '../../../config/reason-of.ts';
import type { TlsSettings } from '../../../config/settings.ts';
import type { TransportLog } from '../transport-context.ts';
import { nameCovers } from './certificate-names.ts';
import { type CertificatePair, daysToExpiry, readPair } from './certificate-pair.ts';
import { ensureSelfSigned, type PairFiles, selfSignedFiles } from './self-signed.ts';

/** After a change is seen, the other file of the pair is given this long to follow. */
const SETTLE_MS = 300;
/** Files are also looked at without being told: some file systems tell nothing. */
const LOOK_EVERY_MS = 30_000;
const DAY_MS = 86_400_000;

/** A certificate that is served. */
export interface ServedCertificate {
  readonly file: string;
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly endsAt: number;
}

interface Served {
  readonly files: PairFiles;
  pair: CertificatePair;
  context: SecureContext;
  /** What was refused last, so that it is complained of once. */
  refused: string;
}

/** The certificates that TLS is served with: read at start, watched, and swapped when their files change. */
export class Certificates {
  readonly #settings: TlsSettings;
  readonly #log: TransportLog;
  readonly #ownNames: readonly string[];
  readonly #ownFiles: PairFiles | undefined;
  readonly #served: Served[] = [];
  readonly #onSwap: (() => void)[] = [];
  readonly #watchers: FSWatcher[] = [];
  #authorities: string | undefined;
  #refusedAuthorities = '';
  #looking: NodeJS.Timeout | undefined;
  #settling: NodeJS.Timeout | undefined;
  #expirySaidAt = 0;

  /** Throws when a file that is named cannot be used: then there is nothing older to go on with. */
  constructor(
    settings: TlsSettings,
    dataDirectory: string,
    ownNames: readonly string[],
    log: TransportLog,
  ) {
    this.#settings = settings;
    this.#log = log;
    this.#ownNames = ownNames;
    if (settings.authorities !== undefined)
      this.#authorities = this.#readAuthorities(settings.authorities);
    if (settings.certificates.length > 0)
      for (const files of settings.certificates) this.#serve(files, readFiles(files));
    else {
      this.#ownFiles = selfSignedFiles(dataDirectory);
      const unkept = ensureSelfSigned(this.#ownFiles, ownNames, log);
      this.#serve(this.#ownFiles, unkept ? readPair(unkept.certificate, unkept.key) : undefined);
    }
    this.#sayExpiry();
  }

  get hasAuthorities(): boolean {
    return this.#authorities !== undefined;
  }

  /** What a TLS server is made with: the default certificate, and whom to believe. */
  get options(): SecureContextOptions {
    return this.#options(this.#first().pair);
  }

  /** The context to connect out with: our own certificate, should the peer ask for one. */
  get outbound(): SecureContext {
    return this.#first().context;
  }

  /** The certificate for the name a client asks for (SNI); the default one when none is for it. */
  forName(host: string): SecureContext {
    const fits = (names: readonly string[]) => names.some((name) => nameCovers(name, host));
    return (this.#served.find(({ pair }) => fits(pair.names)) ?? this.#first()).context;
  }

  inUse(): readonly ServedCertificate[] {
    return this.#served.map(({ files, pair }) => ({
      file: files.certificate,
      names: pair.names,
      endsAt: pair.endsAt,
    }));
  }

  /** Tells whenever another certificate is to be served. */
  onSwap(swapped: () => void): void {
    this.#onSwap.push(swapped);
  }

  watch(): void {
    const files = this.#served.flatMap((one) => [one.files.certificate, one.files.key]);
    if (this.#settings.authorities !== undefined) files.push(this.#settings.authorities);
    for (const directory of new Set(files.map((file) => dirname(file)))) {
      try {
        const watcher = watch(directory, { persistent: false }, () => this.#settle());
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // looked at every half minute all the same
      }
    }
    this.#looking = setInterval(() => this.look(), LOOK_EVERY_MS);
    this.#looking.unref();
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
    clearInterval(this.#looking);
    clearTimeout(this.#settling);
  }

  /** Reads the files again and swaps what has changed. */
  look(now = Date.now()): void {
    // the clock may be set back
    if (Math.abs(now - this.#expirySaidAt) >= DAY_MS) {
      if (this.#ownFiles !== undefined)
        ensureSelfSigned(this.#ownFiles, this.#ownNames, this.#log, now);
      this.#sayExpiry(now);
    }
    const authoritiesChanged = this.#lookAtAuthorities();
    let changed = authoritiesChanged;
    for (const served of this.#served) {
      if (this.#lookAtPair(served) || authoritiesChanged) {
        served.context = createSecureContext(this.#options(served.pair));
        changed = true;
      }
    }
    if (!changed) return;
    this.#sayExpiry(now);
    for (const swapped of this.#onSwap) swapped();
  }

  #settle(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.look(), SETTLE_MS);
    this.#settling.unref();
  }

  #serve(files: PairFiles, given?: CertificatePair): void {
    const pair = given ?? readFiles(files);
    this.#served.push({
      files,
      pair,
      context: createSecureContext(this.#options(pair)),
      refused: '',
    });
  }

  #first(): Served {
    const [first] = this.#served;
    if (first === undefined) throw new Error('no certificate is served');
    return first;
  }

  #options(pair: CertificatePair): SecureContextOptions {
    return {
      cert: pair.certificate,
      key: pair.key,
      // Never the authorities that Node brings along: who may come in is the operator's choice alone.
      ca: this.#authorities ?? [],
      minVersion: 'TLSv1.2',
      ecdhCurve: 'X25519:P-256:P-384',
      // A client could make us do a handshake again and again on one connection.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    };
  }

  #lookAtPair(served: Served): boolean {
    const { files, pair } = served;
    let found = '';
    try {
      const certificate = readFileSync(files.certificate, 'utf8');
      const key = readFileSync(files.key, 'utf8');
      if (certificate === pair.certificate && key === pair.key) return false;
      found = `${certificate}\n${key}`;
      const next = readPair(certificate, key);
      createSecureContext(this.#options(next));
      served.pair = next;
      served.refused = '';
      const { names } = next;
      this.#log.info({ ...files, names, days: daysToExpiry(next) }, 'certificate swapped');
      return true;
    } catch (problem) {
      if (this.#ownFiles !== undefined && found === '') return false; // kept in memory only
      const why = `${reasonOf(problem)}${found.length}`;
      if (served.refused !== why)
        this.#log.error(
          { ...files, problem: reasonOf(problem) },
          'a new certificate cannot be used; the old one stays',
        );
      served.refused = why;
      return false;
    }
  }

  #lookAtAuthorities(): boolean {
    const file = this.#settings.authorities;
    if (file === undefined) return false;
    try {
      const found = this.#readAuthorities(file);
      this.#refusedAuthorities = '';
      if (found === this.#authorities) return false;
      this.#authorities = found;
      this.#log.info({ file }, 'certificate authorities swapped');
      return true;
    } catch (problem) {
      const why = reasonOf(problem);
      if (this.#refusedAuthorities !== why)
        this.#log.error(
          { file, problem: why },
          'new authorities cannot be used; the old ones stay',
        );
      this.#refusedAuthorities = why;
      return false;
    }
  }

  #readAuthorities(file: string): string {
    const text = readFileSync(file, 'utf8');
    if (!text.includes('-----BEGIN CERTIFICATE-----'))
      throw new Error(`${file} holds no PEM certificate`);
    createSecureContext({ ca: text });
    return text;
  }

  #sayExpiry(now = Date.now()): void {
    this.#expirySaidAt = now;
    for (const { files, pair } of this.#served) {
      const days = daysToExpiry(pair, now);
      const fields = { file: files.certificate, names: pair.names, days };
      if (days < 0) this.#log.error(fields, 'a certificate HAS EXPIRED and is still served');
      else if (days < this.#settings.warnDaysBeforeExpiry)
        this.#log.warn(fields, 'a certificate expires soon');
    }
  }
}

function readFiles(files: PairFiles): CertificatePair {
  try {
    return readPair(readFileSync(files.certificate, 'utf8'), readFileSync(files.key, 'utf8'));
  } catch (cause) {
    const which = `${files.certificate} with ${files.key}`;
    throw new Error(`cannot serve TLS with ${which}: ${reasonOf(cause)}`, { cause });
  }
}
