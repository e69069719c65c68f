import type { Conflict, Surroundings } from './compile.ts';
import { showHostPort } from './forms.ts';
import { isSamePlace, showListenPoint } from './listen-point.ts';
import { isHere } from './own-addresses.ts';
import { mismatch } from './problem.ts';
import type { SettingsTree } from './schema.ts';
import { secretOf } from './secret-of.ts';
import type { HandlerSettings, ProgramPortSettings, RequestRule, Settings } from './settings.ts';

const SECRET = 'DRAWBRIDGE_PROGRAMS_SECRET';

/** Long enough not to be guessed, and nothing that means something in a frame. */
const secretForm = {
  allowed: /^[\x21-\x7b\x7d\x7e]{16,256}$/,
  expected: '16 to 256 printable characters without spaces and |',
};

/** Where programs connect, what for, and whether that goes together. */
export function compilePrograms(
  tree: SettingsTree,
  surroundings: Surroundings,
  problems: Conflict[],
  notices: string[],
): Pick<Settings, 'programPort' | 'programs'> {
  const { programPort, programs } = tree;
  const rules = programs.requests.map((rule, index) => compileRule(rule, index, tree, problems));
  const inUse = programPort.port !== null || programs.handlers.length > 0;
  if (!inUse && rules.some(({ to }) => to === 'programs')) {
    const text =
      'found requests for programs, expected programPort.port or programs.handlers as well';
    problems.push([{ path: ['programs', 'requests'], text }]);
  }
  if (!inUse && surroundings.environment[SECRET])
    notices.push(`${SECRET} is set, but programPort.port is null: no program can connect`);
  if (programs.handlers.length > 0 && rules.length === 0)
    notices.push('programs.handlers are never asked: no rule in programs.requests names a request');
  return {
    programPort: compilePort(tree, surroundings, problems),
    programs: {
      secret: inUse
        ? secretOf(programs.secret, ['programs', 'secret'], secretForm, surroundings, problems)
        : '',
      requests: rules,
      handlers: programs.handlers.map(
        ({ methods, ...rest }): HandlerSettings => ({
          ...rest,
          ...(methods && { methods }),
        }),
      ),
    },
  };
}

function compilePort(
  { programPort }: SettingsTree,
  { ipv6 }: Surroundings,
  problems: Conflict[],
): ProgramPortSettings {
  const { address, port, limits } = programPort;
  const { enabled, certificate, key } = programPort.tls;
  if (port !== null && address.includes(':') && !ipv6) {
    const text = mismatch(address, 'an IPv4 address: this machine has no IPv6');
    problems.push([{ path: ['programPort', 'address'], text }]);
  }
  if (port !== null && !enabled && !isHere(address)) {
    problems.push([
      {
        path: ['programPort', 'address'],
        text: mismatch(
          `${showHostPort(address, port)} without TLS: the secret and every call could be read`,
          'a loopback address, or tls.enabled: true',
        ),
      },
      {
        path: ['programPort', 'tls', 'enabled'],
        text: mismatch('false', `true, for ${address} is not loopback`),
      },
    ]);
  }
  if ((certificate === undefined) !== (key === undefined)) {
    const [given, missing] =
      certificate === undefined ? ['key', 'certificate'] : ['certificate', 'key'];
    const text = mismatch(`a ${given} alone`, `a ${missing} with it`);
    problems.push([{ path: ['programPort', 'tls', given], text }]);
  }
  if (!enabled && certificate !== undefined) {
    const text = mismatch('false', 'true, for a certificate is named');
    problems.push([{ path: ['programPort', 'tls', 'enabled'], text }]);
  }
  return {
    address,
    port,
    limits,
    tls: { enabled, ...(certificate && key ? { certificate, key } : {}) },
  };
}

function compileRule(
  {
    methods,
    realm,
    listener,
    user,
    host,
    header,
    to,
  }: SettingsTree['programs']['requests'][number],
  index: number,
  { listeners }: SettingsTree,
  problems: Conflict[],
): RequestRule {
  if (listener !== undefined) {
    const places = listeners.map(({ listen }) => listen);
    if (!places.some((place) => isSamePlace(place, listener))) {
      const shown = places.map(showListenPoint).join(', ');
      const text = mismatch(showListenPoint(listener), `one of the listeners: ${shown}`);
      problems.push([{ path: ['programs', 'requests', index, 'listener'], text }]);
    }
  }
  return {
    to,
    ...(methods && { methods }),
    ...(realm && { realm }),
    ...(listener && { listener }),
    ...(user && { user }),
    ...(host && { host }),
    ...(header && { header }),
  };
}
