import { type Document, isMap, parseDocument } from 'yaml';

/** A file of entries by name under one key, to be changed as a person would: comments and order stay. */
export class EntriesText {
  readonly #document: Document;
  readonly #key: string;

  /** Undefined when it is not what such a file looks like; loading it says why. */
  static read(text: string, key: string): EntriesText | undefined {
    const document = parseDocument(text, { stringKeys: true, logLevel: 'error' });
    const entries = document.get(key);
    const good =
      document.errors.length === 0 &&
      (document.contents === null || isMap(document.contents)) &&
      (entries === undefined || entries === null || isMap(entries));
    return good ? new EntriesText(document, key) : undefined;
  }

  private constructor(document: Document, key: string) {
    this.#document = document;
    this.#key = key;
  }

  has(name: string): boolean {
    return this.#document.hasIn([this.#key, name]);
  }

  add(name: string, entry: object): void {
    const entries = this.#document.get(this.#key);
    if (!isMap(entries)) this.#document.set(this.#key, this.#document.createNode({}));
    // it ships as `{}`, which would take everything on its one line
    else if (entries.items.length === 0) entries.flow = false;
    this.#document.setIn([this.#key, name], this.#document.createNode(entry));
  }

  set(name: string, key: string, value: string): void {
    this.#document.setIn([this.#key, name, key], value);
  }

  remove(name: string): void {
    this.#document.deleteIn([this.#key, name]);
    const left = this.#document.get(this.#key);
    if (isMap(left) && left.items.length === 0) left.flow = true;
  }

  toString(): string {
    return this.#document.toString({ lineWidth: 0 });
  }
}
