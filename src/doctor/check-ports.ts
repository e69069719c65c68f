import { showHostPort } from '../config/forms.ts';
import { isSamePlace, showListenPoint } from '../config/listen-point.ts';
import { whyNotListen } from '../control/why-not-listen.ts';
import { about, type Examined, type Finding } from './finding.ts';
import { isLoopback } from './this-machine.ts';

const ports = about('ports');
const ELSEWHERE = 'stop what has it (ss -lntup), or listen elsewhere';

/** Are the listeners open, or can they be; and who can read the metrics? */
export async function checkPorts({
  settings,
  status,
  unasked,
}: Examined): Promise<readonly Finding[]> {
  // those that are taken are its own, most likely
  if (unasked !== undefined)
    return [ports.warn('which are open only the gate knows', 'ask as the user it runs as')];
  const { listeners, drachtio, http, programPort } = settings;
  const findings: Finding[] = [];
  if (drachtio.servers.length > 0)
    findings.push(ports.ok("SIP listeners are the drachtio-server's"));
  for (const listener of listeners) {
    const shown = showListenPoint(listener);
    if (status !== undefined) {
      const open = status.listeners.some((one) =>
        // for port 0 the system chose one
        isSamePlace(one, { ...listener, port: listener.port || one.port }),
      );
      findings.push(
        open
          ? ports.ok(`${shown} is open`)
          : ports.bad(`${shown} is not open`, 'it is new in the settings: restart the gate'),
      );
      continue;
    }
    const why = await whyNotListen(listener);
    findings.push(
      why === undefined
        ? ports.ok(`${shown} is free`)
        : ports.bad(`${shown} cannot be opened: ${why}`, ELSEWHERE),
    );
  }
  for (const [what, place] of [
    ['metrics', http],
    ['programs', programPort],
  ] as const) {
    if (place.port === null) continue;
    const shown = `${what} at ${showHostPort(place.address, place.port)}`;
    const why =
      status === undefined
        ? await whyNotListen({ ...place, transport: 'tcp', port: place.port })
        : undefined;
    if (why !== undefined) {
      findings.push(ports.bad(`${shown} cannot be opened: ${why}`, ELSEWHERE));
      continue;
    }
    findings.push(
      isLoopback(place.address)
        ? ports.ok(`${shown}, for this machine only`)
        : ports.warn(
            `${shown}, for everybody who reaches that address`,
            'keep it on 127.0.0.1, or close the port in the firewall to all but those who need it',
          ),
    );
  }
  return findings;
}
