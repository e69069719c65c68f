import { Kind, skip } from './characters.ts';
import { Header, identifyHeader } from './header-name.ts';
import { type Flaw, Message, STRIDE } from './message.ts';
import { methodAt } from './method.ts';
import { readNumber } from './number.ts';

const CR = 13;
const SPACE = 32;
const TAB = 9;
const COLON = 58;
const MOST_HEADER_LINES = 512;
/** Filled anew by each message; what it found is copied out in one piece. */
const scratch: number[] = new Array(MOST_HEADER_LINES * STRIDE).fill(0);

/** Reads the lines of a message; undefined when its first line is not SIP at all. `flaw` says what else is wrong. */
export function readMessage(received: string): Message | undefined {
  const wire = received.charCodeAt(0) === CR ? withoutEmptyLines(received) : received;
  let end = wire.indexOf('\n');
  if (end < 0) return undefined;

  let flaw: Flaw | undefined;
  if (wire.indexOf('\r') !== end - 1) flaw = 'bare-cr-or-lf';
  const startLineEnd = wire.charCodeAt(end - 1) === CR ? end - 1 : end;

  let isRequest = true;
  let method = '';
  let requestUri = '';
  let requestUriStart = 0;
  let status = 0;
  let reason = '';
  let version = 'SIP/2.0';
  if (wire.startsWith('SIP/')) {
    isRequest = false;
    status = usualStatus(wire, startLineEnd);
    if (status > 0) reason = wire.slice(12, startLineEnd);
    else {
      const match = /^(SIP\/\d+\.\d+) (\d{3,}) ?(.*)$/is.exec(wire.slice(0, startLineEnd));
      if (match === null) return undefined;
      version = match[1] ?? '';
      status = Number(match[2]);
      reason = match[3] ?? '';
    }
  } else {
    let versionEnd = startLineEnd;
    let last = wire.charCodeAt(versionEnd - 1);
    while (versionEnd > 0 && (last === SPACE || last === TAB)) {
      flaw ??= 'start-line'; // RFC 4475 §3.1.2.10: readable, to be refused
      versionEnd--;
      last = wire.charCodeAt(versionEnd - 1);
    }
    const methodEnd = wire.indexOf(' ');
    const versionStart = wire.lastIndexOf(' ', versionEnd - 1) + 1;
    if (methodEnd <= 0 || versionStart <= methodEnd + 2 || versionStart > versionEnd)
      return undefined;
    method = methodAt(wire, 0, methodEnd);
    requestUriStart = methodEnd + 1;
    requestUri = wire.slice(requestUriStart, versionStart - 1);
    if (!wire.startsWith('SIP/2.0', versionStart) || versionStart + 7 !== versionEnd) {
      version = wire.slice(versionStart, versionEnd);
      if (!/^SIP\/\d+\.\d+$/i.test(version)) return undefined;
    }
  }

  let used = 0;
  let contentLength = -1;
  let headEnd = -1;
  let bodyStart = wire.length;
  for (let line = end + 1; ; line = end + 1) {
    const first = wire.charCodeAt(line);
    if (first === CR && wire.charCodeAt(line + 1) === 10) {
      headEnd = line;
      bodyStart = line + 2;
      break;
    }
    end = wire.indexOf('\n', line);
    if (end < 0 || used >= MOST_HEADER_LINES * STRIDE) {
      flaw ??= 'no-end-of-headers';
      headEnd = Math.min(line, wire.length);
      break;
    }
    // not asked again once it failed: a search for a CR that is not there goes to the end of the message
    if (flaw === undefined && wire.indexOf('\r', line) !== end - 1) flaw = 'bare-cr-or-lf';
    for (
      let next = wire.charCodeAt(end + 1);
      next === SPACE || next === TAB;
      next = wire.charCodeAt(end + 1)
    ) {
      const fold = wire.indexOf('\n', end + 1);
      if (fold < 0) {
        flaw ??= 'no-end-of-headers';
        break;
      }
      if (flaw === undefined && wire.indexOf('\r', end + 1) !== fold - 1) flaw = 'bare-cr-or-lf';
      end = fold;
    }
    const lineEnd = wire.charCodeAt(end - 1) === CR ? end - 1 : end;

    let colon = line;
    while (colon < lineEnd && wire.charCodeAt(colon) !== COLON) colon++;
    let nameEnd = colon;
    let before = wire.charCodeAt(nameEnd - 1);
    while (nameEnd > line && (before === SPACE || before === TAB)) {
      nameEnd--;
      before = wire.charCodeAt(nameEnd - 1);
    }
    let value = colon + 1;
    if (wire.charCodeAt(value) === SPACE) value++;
    if (wire.charCodeAt(value) <= SPACE) value = skip(wire, value, lineEnd, Kind.blank);
    const id = identifyHeader(wire, line, nameEnd);
    if (
      colon === lineEnd ||
      (id === Header.other && (line === nameEnd || skip(wire, line, nameEnd, Kind.token) < nameEnd))
    ) {
      flaw ??= 'header-syntax';
      continue;
    }
    if (id === Header.contentLength) {
      const announced = readNumber(wire, value, lineEnd);
      if (announced < 0 || (contentLength >= 0 && contentLength !== announced))
        flaw ??= 'content-length';
      else contentLength = announced;
    }
    scratch[used] = id;
    scratch[used + 1] = line;
    scratch[used + 2] = value;
    scratch[used + 3] = lineEnd;
    used += STRIDE;
  }
  // only as a quoted pair (RFC 3261 §25.1, RFC 4475 §3.1.1.2); a PBX in C would stop reading at it
  for (let nul = wire.indexOf('\0'); nul >= 0 && nul < headEnd; nul = wire.indexOf('\0', nul + 1))
    if (wire.charCodeAt(nul - 1) !== 92) flaw ??= 'nul';

  let bodyEnd = wire.length;
  if (contentLength >= 0) {
    if (bodyStart + contentLength > wire.length) flaw ??= 'body-cut-short';
    else bodyEnd = bodyStart + contentLength;
  }
  return new Message({
    wire,
    isRequest,
    method,
    requestUri,
    requestUriStart,
    status,
    reason,
    version,
    startLineEnd,
    headEnd,
    bodyStart,
    bodyEnd,
    flaw,
    lines: scratch.slice(0, used),
  });
}

/** The three digits of `SIP/2.0 200 …`, which nearly every status line is; 0 for one that must be looked at closer. */
function usualStatus(wire: string, end: number): number {
  if (!wire.startsWith('SIP/2.0 ') || end < 12 || wire.charCodeAt(11) !== SPACE) return 0;
  const status = readNumber(wire, 8, 11);
  return status >= 100 ? status : 0;
}

/** RFC 3261 §7.5: empty lines before a message are to be ignored. They are not passed on either. */
function withoutEmptyLines(received: string): string {
  let start = 0;
  while (received.charCodeAt(start) === CR && received.charCodeAt(start + 1) === 10) start += 2;
  return received.slice(start);
}
