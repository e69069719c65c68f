/** The value of a Reason header (RFC 3326): what a call was ended for, with Q.850's number of it where it has one. */
export function reasonHeader({
  text,
  cause,
}: {
  readonly text: string;
  readonly cause?: number;
}): string {
  const quoted = text.replace(/["\\]/g, '');
  return cause === undefined ? `SIP;text="${quoted}"` : `Q.850;cause=${cause};text="${quoted}"`;
}

/** RFC 3326 §2: so that a phone does not list as missed what another took. */
export const answeredElsewhere = 'SIP;cause=200;text="Call completed elsewhere"';
