import { readFileSync } from 'node:fs';

const RATE = 8000;

/** A wav with a sine of this frequency, 16 bits mono at 8 kHz: what a phone's microphone hears. */
export function toneWav(hertz: number, seconds = 20): Buffer {
  const samples = seconds * RATE;
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22); // one channel
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(RATE * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let i = 0; i < samples; i += 1)
    wav.writeInt16LE(Math.round(9000 * Math.sin((2 * Math.PI * hertz * i) / RATE)), 44 + i * 2);
  return wav;
}

export interface Heard {
  readonly seconds: number;
  /** Loudness, of 32767. */
  readonly rms: number;
  /** The strongest frequency, to the nearest 10 Hz. */
  readonly hertz: number;
}

/** What is in the last part of a wav of 16-bit samples. The file may still be being written. */
export function listen(file: string, lastSeconds = 0.5): Heard {
  const bytes = readFileSync(file);
  if (bytes.length < 46) return { seconds: 0, rms: 0, hertz: 0 };
  const channels = bytes.readUInt16LE(22);
  const rate = bytes.readUInt32LE(24);
  const count = Math.floor((bytes.length - 44) / (2 * channels));
  const taken = Math.min(count, Math.round(rate * lastSeconds));
  const recent = Array.from({ length: taken }, (_, index) =>
    bytes.readInt16LE(44 + 2 * channels * (count - taken + index)),
  );
  return { seconds: count / rate, ...strongest(recent, rate) };
}

function strongest(samples: readonly number[], rate: number): { rms: number; hertz: number } {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0);
  const rms = Math.sqrt(power / Math.max(1, samples.length));
  let hertz = 0;
  let best = 0;
  for (let candidate = 100; candidate < 3400; candidate += 10) {
    const energy = goertzel(samples, candidate / rate);
    if (energy > best) [best, hertz] = [energy, candidate];
  }
  return { rms, hertz };
}

/** The energy at one frequency, given in cycles per sample. */
function goertzel(samples: readonly number[], frequency: number): number {
  const k = 2 * Math.cos(2 * Math.PI * frequency);
  let a = 0;
  let b = 0;
  for (const sample of samples) [a, b] = [sample + k * a - b, a];
  return a * a + b * b - k * a * b;
}
