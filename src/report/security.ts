import { reasonOf } from '../config/reason-of.ts';
import { checkCertificates } from '../doctor/check-certificates.ts';
import { checkNotifications } from '../doctor/check-notifications.ts';
import { checkPolicy } from '../doctor/check-policy.ts';
import { about, type Check, type Examined, type Finding } from '../doctor/finding.ts';
import { checkAbroad } from './check-abroad.ts';
import { checkDefaultPorts } from './check-default-ports.ts';
import { checkEncryption } from './check-encryption.ts';
import { checkExceptions } from './check-exceptions.ts';
import { checkExtensions } from './check-extensions.ts';
import { checkFailures } from './check-failures.ts';
import { checkLockouts } from './check-lockouts.ts';
import { checkServices } from './check-services.ts';
import { checkStealth } from './check-stealth.ts';

/** A: nothing to do. B, C: what deserves a look, little or much. D, F: something that is bad, or much of it. */
export const grades = ['A', 'B', 'C', 'D', 'F'] as const;
export type Grade = (typeof grades)[number];

/** One thing that was looked at. */
export interface Section {
  readonly title: string;
  readonly grade: Grade;
  readonly findings: readonly Finding[];
}

/** In the order in which they are shown. */
const checks: Readonly<Record<string, Check>> = {
  'Default ports': checkDefaultPorts,
  'Open services': checkServices,
  TLS: checkEncryption,
  Certificates: checkCertificates,
  Stealth: checkStealth,
  Lockouts: checkLockouts,
  Extensions: checkExtensions,
  'Calls abroad': checkAbroad,
  Exceptions: checkExceptions,
  'When something fails': checkFailures,
  'Who is told': checkNotifications,
  Rules: checkPolicy,
};

/** How safe it is, as seen from here. A check that fails is a finding too. */
export function gradeSecurity(examined: Examined): Promise<readonly Section[]> {
  return Promise.all(
    Object.entries(checks).map(async ([title, check]) => {
      let findings: readonly Finding[];
      try {
        findings = await check(examined);
      } catch (error) {
        findings = [about(title).bad(`could not be looked at: ${reasonOf(error)}`, 'tell us')];
      }
      return { title, grade: gradeOf(findings), findings };
    }),
  );
}

/** A finding in its section: with what it is about, where that is something else. */
export const saidOf = ({ title }: Section, { about: thing, saw }: Finding): string =>
  thing.toLowerCase() === title.toLowerCase() ? saw : `${thing}: ${saw}`;

const SOME = 2;

export function gradeOf(findings: readonly Finding[]): Grade {
  const of = (wanted: Finding['level']): number =>
    findings.filter(({ level }) => level === wanted).length;
  if (of('bad') > 0) return of('bad') > 1 ? 'F' : 'D';
  if (of('warn') === 0) return 'A';
  return of('warn') > SOME ? 'C' : 'B';
}

/** The chain is as strong as its weakest link. */
export const worstOf = (sections: readonly Section[]): Grade =>
  sections.reduce<Grade>(
    (worst, { grade }) => (grades.indexOf(grade) > grades.indexOf(worst) ? grade : worst),
    'A',
  );
