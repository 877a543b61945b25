/** Runs actions one after the other, in the order they were given. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#last.then(action);
    // Whoever comes next does not care how this one ended; its caller has `result`.
    this.#last = result.catch(() => undefined);
    return result;
  }
}
