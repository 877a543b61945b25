import { DataError, show } from "../errors.ts";
import type { Key } from "./key.ts";

/** The key behind an identity that begins with NUL, as `keyIdentity` writes it. */
export function parseIdentity(identity: string): Key {
  const parser = new IdentityParser(identity);
  const key = parser.element();
  if (!parser.atEnd()) throw notAnIdentity(identity);
  return key;
}

class IdentityParser {
  readonly #text: string;
  #at = 1;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  element(): Key {
    const type = this.#text[this.#at++];
    switch (type) {
      case "s":
        return this.#string();
      case "n":
        return Number(this.#until(";"));
      case "i":
        return this.#bigint();
      case "d":
        return new Date(Number(this.#until(";")));
      case "t":
        return true;
      case "f":
        return false;
      case "(":
        return this.#array();
      default:
        throw notAnIdentity(this.#text);
    }
  }

  #bigint(): bigint {
    const digits = this.#until(";");
    if (!/^-?\d+$/.test(digits)) throw notAnIdentity(this.#text);
    return BigInt(digits);
  }

  #array(): readonly Key[] {
    const elements: Key[] = [];
    while (this.#text[this.#at] !== ")") elements.push(this.element());
    this.#at += 1;
    return elements;
  }

  #string(): string {
    const length = Number(this.#until(":"));
    const from = this.#at;
    if (!(from + length <= this.#text.length)) throw notAnIdentity(this.#text);
    this.#at = from + length;
    return this.#text.slice(from, from + length);
  }

  #until(end: string): string {
    const from = this.#at;
    const to = this.#text.indexOf(end, from);
    if (to < 0) throw notAnIdentity(this.#text);
    this.#at = to + 1;
    return this.#text.slice(from, to);
  }
}

function notAnIdentity(text: string): DataError {
  return new DataError(`${show(text)} is not the identity of a key`, {
    code: "KEY_IDENTITY",
    hint: "the bytes it was read from are damaged; read them from a good copy",
  });
}
