import { createInterface } from 'node:readline';
import type { ReadStream } from 'node:tty';

const BACKSPACE = ['\b', '\u007f'];
const ENTER = ['\r', '\n', '\u0004'];
const INTERRUPT = '\u0003';

/** A line of standard input; on a terminal it is asked for, and not shown. Undefined when none comes. */
export function readSecret(question: string): Promise<string | undefined> {
  const { stdin } = process;
  return stdin.isTTY ? typed(stdin, question) : piped();
}

async function piped(): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    lines.close();
    return line;
  }
  return undefined;
}

function typed(stdin: ReadStream, question: string): Promise<string | undefined> {
  process.stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  return new Promise((resolve) => {
    let text = '';
    const end = (answer: string | undefined): void => {
      stdin.off('data', hear);
      stdin.setRawMode(false);
      stdin.pause();
      process.stderr.write('\n');
      resolve(answer);
    };
    const hear = (keys: string): void => {
      for (const key of keys) {
        if (key === INTERRUPT || ENTER.includes(key)) {
          end(key === INTERRUPT ? undefined : text);
          return;
        }
        text = BACKSPACE.includes(key) ? text.slice(0, -1) : text + key;
      }
    };
    stdin.on('data', hear);
    stdin.resume();
  });
}
