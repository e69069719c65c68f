import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { hostOf } from '../config/forms.ts';
import { ownAddresses } from '../config/own-addresses.ts';

/** Does a name or an address lead to this very machine, with no router in between that translates? */
export async function leadsHere(host: string): Promise<boolean> {
  const found = await addressOf(host);
  return found !== undefined && ownAddresses().includes(found);
}

/** The address of this machine that a PBX sees; undefined where there is no way to it. */
export async function addressFacing(pbx: string): Promise<string | undefined> {
  const host = hostOf(pbx);
  const address = host === undefined ? undefined : await addressOf(host);
  if (address === undefined) return undefined;
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
  try {
    // nothing is sent: the system only says which address it would send from
    const connected = once(socket, 'connect');
    socket.connect(5060, address);
    await connected;
    return socket.address().address;
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}

async function addressOf(host: string): Promise<string | undefined> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch {
    return undefined;
  }
}
