import type { Dialled } from './dialled.ts';

export interface DialPlan {
  readonly homeCountry: string | null;
  readonly outsidePrefix: string;
  readonly internationalPrefixes: readonly string[];
  readonly nationalPrefix: string | null;
  readonly extensions: readonly string[];
  readonly services: readonly string[];
  readonly emergencyNumbers: readonly string[] | null;
  readonly pinSeparator: string | null;
}

export type ReadDialled = (dialled: string) => Dialled;

export function compileDialPlan(plan: DialPlan, _risks: readonly never[]): ReadDialled {
  const emergency = new Set(plan.emergencyNumbers ?? ['112', '911', '999']);
  const lengths = new Set(plan.extensions.map((pattern) => pattern.length));
  return (dialled) => {
    const digits = dialled.replace(/[-.() ]/g, '');
    const abroad =
      digits.startsWith('+') ||
      plan.internationalPrefixes.some((prefix) => digits.startsWith(prefix));
    const kind = emergency.has(digits)
      ? 'emergency'
      : abroad
        ? 'international'
        : lengths.has(digits.length)
          ? 'extension'
          : /^\d+$/.test(digits)
            ? 'national'
            : 'unknown';
    return {
      digits,
      kind,
      e164: undefined,
      country: undefined,
      callingCode: undefined,
      class: 'unknown',
      risks: [],
      pin: undefined,
    };
  };
}
