import { about, type Examined, type Finding } from '../doctor/finding.ts';
import { isLoopback, type OpenSocket, openSockets } from '../doctor/this-machine.ts';

const services = about('open services');

/** What should be open to nobody but this machine, or not at all. */
const never: Readonly<Record<string, string>> = {
  'tcp 21': 'FTP',
  'tcp 23': 'Telnet',
  'udp 69': 'TFTP, which hands out phone configurations with passwords',
  'tcp 111': 'rpcbind',
  'tcp 139': 'SMB',
  'tcp 445': 'SMB',
  'tcp 3306': 'MySQL',
  'tcp 5038': "Asterisk's manager interface",
  'tcp 5432': 'PostgreSQL',
  'tcp 5900': 'VNC',
  'tcp 6379': 'Redis',
  'tcp 8088': "Asterisk's HTTP server",
  'tcp 9022': "a drachtio-server's port for programs",
  'tcp 27017': 'MongoDB',
};
const SSH = 'tcp 22';
/** From here on systems give ports to whoever asks something. */
const EPHEMERAL = 32_768;
const CLOSE = 'listen on 127.0.0.1, stop it, or close the port in the firewall';

/** What else can be reached on this machine? */
export function checkServices({ settings, status, root }: Examined): readonly Finding[] {
  const { listeners, http, programPort } = settings;
  const own = new Set(
    [
      ...[...listeners, ...(status?.listeners ?? [])].map(({ transport, port }) => ({
        ...{ protocol: transport === 'udp' ? 'udp' : 'tcp', port },
      })),
      { protocol: 'tcp', port: http.port },
      { protocol: 'tcp', port: programPort.port ?? 0 },
    ].map(({ protocol, port }) => `${protocol} ${port}`),
  );
  const open = openSockets(root).filter(isExposed).map(nameOf);
  const others = [...new Set(open)].filter((name) => !own.has(name));
  if (others.length === 0)
    return [services.ok('nothing but the gate waits on an address that others can reach')];
  const unknown = others.filter((name) => name !== SSH && never[name] === undefined);
  return [
    ...others.flatMap((name) =>
      never[name] === undefined ? [] : [services.bad(`${name} is open: ${never[name]}`, CLOSE)],
    ),
    ...(others.includes(SSH)
      ? [
          services.warn(
            'tcp 22 is open: SSH',
            'keys only, no login of root, and in the firewall only from where you are',
          ),
        ]
      : []),
    ...(unknown.length > 0
      ? [
          services.warn(
            `${unknown.join(', ')} are open, and not the gate's`,
            `ss -lntup says what it is; ${CLOSE}`,
          ),
        ]
      : []),
  ];
}

const isExposed = ({ protocol, address, port }: OpenSocket): boolean =>
  !isLoopback(address) && port !== 0 && (protocol === 'tcp' || port < EPHEMERAL);

const nameOf = ({ protocol, port }: OpenSocket): string => `${protocol} ${port}`;
