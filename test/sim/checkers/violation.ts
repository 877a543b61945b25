/** A rule that was broken, by its name. */
export class Violation extends Error {
  override readonly name = "Violation";

  constructor(rule: string, text: string) {
    super(`${rule}: ${text}`);
  }
}
