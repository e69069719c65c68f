import { cpus, release } from 'node:os';

/** When, on what and how a siege was fought. */
export function howBesieged(seconds: number, kernel: boolean, now = new Date()): string {
  const processors = cpus();
  return `${now.toISOString().slice(0, 10)}, ${processors.length} CPUs (${processors[0]?.model.trim() ?? 'unknown'}); node ${process.version}, Linux ${release()}. ${
    kernel
      ? 'With the kernel’s sets.'
      : 'Without the kernel’s sets: the gate refuses at its own sockets.'
  }
Each attack lasts ${seconds} s beside 40 registrations and 20 calls a second by 400 honest phones behind one address. Gate, PBX,
phones and attackers share the machine; the outside is a network namespace of its own, and every packet crosses a cable
between the two.`;
}
