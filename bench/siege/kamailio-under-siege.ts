import { kamailio } from '../edges/kamailio.ts';
import { type Besieged, lookAt } from './besieged.ts';
import { GATE, HONEST } from './field.ts';

/** Debian's Kamailio where the gate would be, with the limits and bans of its edge configuration, which the honest phones are spared. */
export async function startKamailio(pbxPort: number): Promise<Besieged> {
  const at = { udp: { host: GATE, port: 5060 }, tls: { host: GATE, port: 5061 } };
  const edge = await kamailio({ ...at, trusted: HONEST }).start({
    host: '127.0.0.1',
    port: pbxPort,
  });
  return {
    name: 'kamailio',
    async look() {
      edge.assertAlive();
      return { ...lookAt(edge.pid), metrics: new Map() };
    },
    [Symbol.asyncDispose]: () => edge.stop(),
  };
}
