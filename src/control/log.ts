import { styleText } from 'node:util';
import pino, { type Logger } from 'pino';
import type { LogFormat, LogLevel } from '../config/settings.ts';

export type { Logger };

export interface OpenLog {
  readonly log: Logger;
  /** Takes up other settings, for what is written from now on. */
  follow(settings: LogSettings): void;
}

interface LogSettings {
  readonly level: LogLevel;
  readonly format: LogFormat;
}

/** Lines to standard output: JSON for machines, aligned text for a person at a terminal. */
export function openLog(settings: LogSettings): OpenLog {
  const lines = pino.destination({ fd: 1, sync: true });
  let text = isText(settings.format);
  // A terminal that was closed must not end calls.
  if (text) process.stdout.on('error', ignore);
  const log = pino(
    {
      level: settings.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write: (line: string) => void (text ? process.stdout.write(asText(line)) : lines.write(line)),
    },
  );
  return {
    log,
    follow({ level, format }) {
      log.level = level;
      text = isText(format);
      process.stdout.off('error', ignore);
      if (text) process.stdout.on('error', ignore);
    },
  };
}

const isText = (format: LogFormat): boolean =>
  format === 'text' || (format === 'auto' && process.stdout.isTTY === true);

function ignore(): void {}

const colours = {
  trace: 'gray',
  debug: 'gray',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
} as const;

/** `12:03:05 info   PBX node answers  node=pbx1 latencyMs=3` */
export function asText(line: string): string {
  const { time, level, msg, ...fields }: Record<string, unknown> = JSON.parse(line);
  const name = String(level);
  const colour = colours[name as keyof typeof colours] ?? 'white';
  const rest = Object.entries(fields)
    .filter(([key]) => key !== 'stack')
    .map(([key, value]) => `${styleText('gray', `${key}=`)}${showField(value)}`)
    .join(' ');
  const stack = typeof fields.stack === 'string' ? `\n${fields.stack}` : '';
  const clock = styleText('gray', String(time).slice(11, 19));
  return `${clock} ${styleText(colour, name.padEnd(5))} ${printable(String(msg ?? ''))}${rest ? `  ${rest}` : ''}${stack}\n`;
}

function showField(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=\p{Cc}]+$/u.test(value)) return value;
  return printable(JSON.stringify(value) ?? 'undefined');
}

/** What comes from the network must not drive the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
