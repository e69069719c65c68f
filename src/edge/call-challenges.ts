/** Whether the PBX asks who calls for a password, as far as it is known: by the last call that came without one. */
export class CallChallenges {
  #asks = false;

  /** It does: what comes without may be anybody's, and is nobody's call yet. */
  get usual(): boolean {
    return this.#asks;
  }

  /** What became of a call that brought no credentials. */
  learn(status: number): void {
    if (status === 401 || status === 407) this.#asks = true;
    else if (status >= 200 && status < 300) this.#asks = false;
  }
}
