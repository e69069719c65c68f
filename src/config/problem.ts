/** One thing that is wrong with what the operator wrote, and where. */
export interface Problem {
  /** `routes/pbx.yaml:4:9`, `--set`, `DRAWBRIDGE_LISTEN`. */
  readonly where: string;
  /** The key, when the problem has one. */
  readonly key?: string;
  readonly text: string;
}

/** `routes/pbx.yaml:4:9 pbx.health.everySecond: found …, expected …` */
export function showProblem({ where, key, text }: Problem): string {
  return key === undefined || key === '' ? `${where}: ${text}` : `${where} ${key}: ${text}`;
}

/** `found X, expected Y (did you mean Z?)` */
export function mismatch(found: string, expected: string, meant?: string): string {
  const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  return `found ${found}, expected ${expected}${hint}`;
}

/** A URL that may have a secret in it, without all that may be one. */
export function showHost(url: string): string {
  const [whole] = /^https?:\/\/[^/?#]*/i.exec(url) ?? [];
  return whole === undefined ? '(not shown)' : showFound(`${whole}/…`).slice(1, -1);
}

/** A value as a message shows it: short, on one line, and without the password that a URL may have in it. */
export function showFound(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  // JSON has no infinity and would say null.
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  const clean = text.replace(/\p{Cc}/gu, '?').replace(/:\/\/[^/]*@/g, '://…@');
  return clean.length > 80 ? `${clean.slice(0, 77)}...` : clean;
}
