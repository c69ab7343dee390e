/** Something happened that is worth another look; how often until then does not matter. */
export class Signal {
  readonly raised: Promise<void>;
  #raise: () => void = () => {};
  #isRaised = false;

  constructor() {
    this.raised = new Promise((resolve) => {
      this.#raise = resolve;
    });
  }

  get isRaised(): boolean {
    return this.#isRaised;
  }

  /** Bound, so that it can be given away as a listener. */
  readonly raise = (): void => {
    this.#isRaised = true;
    this.#raise();
  };
}
