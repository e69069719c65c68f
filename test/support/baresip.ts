import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBackground } from './background-process.ts';
import { type BaresipControl, connectControl } from './baresip-control.ts';
import { ownAddress, ownPorts } from './own-address.ts';
import { PATIENCE_MS } from './patience.ts';
import { type Heard, listen, toneWav } from './tone.ts';

export interface BaresipOptions {
  readonly user: string;
  readonly password: string;
  /** `address:port` of whom it registers with. */
  readonly registrar: string;
  readonly transport?: 'udp' | 'tcp' | 'tls';
  /** The frequency it says into its calls. */
  readonly tone?: number;
  readonly address?: string;
  /** Seconds between registrations; 0 to register only when told. */
  readonly expires?: number;
}

export interface Baresip {
  readonly user: string;
  readonly address: string;
  readonly control: BaresipControl;
  /** Everything it printed, its SIP messages included. */
  log(): string;
  /** Waits until a REGISTER of its was answered 200; the first one comes by itself. */
  registered(within?: number): Promise<void>;
  dial(number: string): Promise<void>;
  /** Waits until it rings, and picks up. */
  pickUp(within?: number): Promise<void>;
  /** Waits until a call of its own or to it is up. */
  talking(within?: number): Promise<void>;
  hangUp(): Promise<void>;
  hold(): Promise<void>;
  resume(): Promise<void>;
  /** Sends the party it talks to to another number (REFER). */
  transfer(number: string): Promise<void>;
  /** Waits until its call is over. */
  over(within?: number): Promise<void>;
  /** Waits until what it hears is this tone. */
  hears(hertz: number, within?: number): Promise<Heard>;
  /** Waits until nothing comes in, or nothing but quiet. */
  hearsNothing(within?: number): Promise<void>;
  stop(): Promise<void>;
}

const LISTEN_SECONDS = 0.25;
const BYTES_PER_SECOND = 16_000; // 8 kHz, 16 bits, one channel

/** A real softphone: it registers by itself, says a tone and writes down what it hears. */
export async function startBaresip(options: BaresipOptions): Promise<Baresip> {
  const { user, registrar, transport = 'udp', tone = 440, address = ownAddress() } = options;
  const folder = mkdtempSync(join(tmpdir(), 'baresip-'));
  writeFileSync(join(folder, 'tone.wav'), toneWav(tone));
  writeFileSync(join(folder, 'config'), configuration(folder, address));
  writeFileSync(join(folder, 'contacts'), '');
  writeFileSync(
    join(folder, 'accounts'),
    `<sip:${user}@${registrar};transport=${transport}>;auth_user=${user};auth_pass=${options.password}` +
      `;regint=${options.expires ?? 60};audio_codecs=pcmu\n`,
  );
  const process = startBackground(`baresip ${user}`, 'baresip', ['-f', folder, '-s', '-v']);
  const control = await connectControl({ address, port: 4444 }).catch(async (problem) => {
    await process.kill();
    throw new Error(`${problem.message}:\n${process.output()}`);
  });
  const domain = registrar;
  const uri = (number: string) => `sip:${number}@${domain};transport=${transport}`;

  const recordings = () =>
    readdirSync(folder)
      .filter((name) => /^dump-.*-dec\.wav$/.test(name))
      .map((name) => join(folder, name));
  /** What comes in during the next third of a second; nothing, when no recording grows. */
  const hearNow = async (): Promise<Heard | undefined> => {
    const before = new Map(recordings().map((file) => [file, statSync(file).size]));
    await sleep(350);
    const growing = recordings().find(
      (file) => statSync(file).size - (before.get(file) ?? 0) >= LISTEN_SECONDS * BYTES_PER_SECOND,
    );
    return growing === undefined ? undefined : listen(growing, LISTEN_SECONDS);
  };
  const event = async (type: string, within?: number) => {
    await control.event(type, within).catch((problem) => {
      throw new Error(`baresip ${user}: ${problem.message}\n${process.output().slice(-6000)}`);
    });
  };

  return {
    user,
    address,
    control,
    log: () => process.output(),
    registered: (within = PATIENCE_MS) => process.prints(/200 OK[^\n]*\[\d+ binding/, within),
    dial: async (number) => void (await control.command('dial', uri(number))),
    async pickUp(within) {
      await event('CALL_INCOMING', within);
      await control.command('accept');
    },
    talking: (within) => event('CALL_ESTABLISHED', within),
    hangUp: async () => void (await control.command('hangup')),
    hold: async () => void (await control.command('hold')),
    resume: async () => void (await control.command('resume')),
    transfer: async (number) => void (await control.command('transfer', uri(number))),
    over: (within) => event('CALL_CLOSED', within),
    async hears(hertz, within = PATIENCE_MS) {
      const giveUpAt = performance.now() + within;
      for (;;) {
        const now = await hearNow();
        if (now !== undefined && now.rms > 500 && Math.abs(now.hertz - hertz) <= 10) return now;
        if (performance.now() > giveUpAt)
          throw new Error(`${user} hears ${JSON.stringify(now) ?? 'nothing'}, not ${hertz} Hz`);
      }
    },
    async hearsNothing(within = PATIENCE_MS) {
      const giveUpAt = performance.now() + within;
      for (;;) {
        const now = await hearNow();
        if (now === undefined || now.rms < 100) return;
        if (performance.now() > giveUpAt)
          throw new Error(`${user} still hears ${JSON.stringify(now)}`);
      }
    },
    async stop() {
      control.close();
      await process.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const configuration = (folder: string, address: string) => `
poll_method epoll
sip_listen ${address}:${ownPorts.sip}
call_local_timeout 60
call_max_calls 4
audio_player aubridge,none
audio_source aufile,${folder}/tone.wav
audio_alert none
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
audio_level no
rtp_ports 30000-30199
rtcp_mux no
jitter_buffer_delay 2-5
net_interface ${address}
module_path /usr/lib/baresip/modules
module g711.so
module aubridge.so
module sndfile.so
snd_path ${folder}
module aufile.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen ${address}:4444
`;
