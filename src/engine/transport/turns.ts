/** Tells the turns of the event loop apart: all that is read in one of them has the same number. */
export class Turns {
  #number = 1;
  #isKnown = false;

  current(): number {
    if (!this.#isKnown) {
      this.#isKnown = true;
      setImmediate(() => {
        this.#isKnown = false;
        this.#number += 1;
      });
    }
    return this.#number;
  }
}
