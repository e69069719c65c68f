import { type Document, isMap, parseDocument } from 'yaml';
import type { z } from 'zod';
import type { exceptionsSchema } from '../policy/exceptions.ts';

type Written = z.input<typeof exceptionsSchema>;
export type ExceptionWritten = NonNullable<Written>[string];

/** What `policies/exceptions.yaml` says, to be changed as a person would: comments and order stay. */
export class ExceptionsText {
  readonly #document: Document;

  /** Undefined when it is not what such a file looks like; loading it says why. */
  static read(text: string): ExceptionsText | undefined {
    const document = parseDocument(text, { stringKeys: true, logLevel: 'error' });
    const exceptions = document.get('exceptions');
    const good =
      document.errors.length === 0 &&
      (document.contents === null || isMap(document.contents)) &&
      (exceptions === undefined || exceptions === null || isMap(exceptions));
    return good ? new ExceptionsText(document) : undefined;
  }

  private constructor(document: Document) {
    this.#document = document;
  }

  has(name: string): boolean {
    return this.#document.hasIn(['exceptions', name]);
  }

  add(name: string, exception: ExceptionWritten): void {
    const exceptions = this.#document.get('exceptions');
    if (!isMap(exceptions)) this.#document.set('exceptions', this.#document.createNode({}));
    // it ships as `{}`, which would take everything on its one line
    else if (exceptions.items.length === 0) exceptions.flow = false;
    this.#document.setIn(['exceptions', name], this.#document.createNode(exception));
  }

  endAt(name: string, until: string): void {
    this.#document.setIn(['exceptions', name, 'until'], until);
  }

  remove(name: string): void {
    this.#document.deleteIn(['exceptions', name]);
    const left = this.#document.get('exceptions');
    if (isMap(left) && left.items.length === 0) left.flow = true;
  }

  toString(): string {
    return this.#document.toString({ lineWidth: 0 });
  }
}
