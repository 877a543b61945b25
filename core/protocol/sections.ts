import { DataError } from "../errors.ts";
import { ByteReader, keepScratch, takeScratch } from "../record/index.ts";

/** One change to the state of a subtask, which is a set of named lists of byte strings. */
export interface SectionChange {
  readonly name: string;
  /** `replace`: the list is this one; `append`: one more; `clear`: none is left. */
  readonly mode: "replace" | "append" | "clear";
  readonly bytes: Uint8Array;
}

const MODES = ["replace", "append", "clear"] as const;
const NOTHING = new Uint8Array(0);

export function clearSection(name: string): SectionChange {
  return { name, mode: "clear", bytes: NOTHING };
}

/** The `d` of a ledger entry: what a turn changed. */
export function encodeChanges(changes: readonly SectionChange[]): Uint8Array {
  const writer = takeScratch();
  writer.writeVarint(changes.length);
  for (const { name, mode, bytes } of changes) {
    writer.writeString(name);
    writer.writeByte(MODES.indexOf(mode));
    writer.writeVarint(bytes.length);
    writer.writeBytes(bytes);
  }
  const encoded = writer.toBytes();
  keepScratch(writer);
  return encoded;
}

export function decodeChanges(bytes: Uint8Array): readonly SectionChange[] {
  const reader = new ByteReader(bytes);
  const count = reader.readCount("a delta", 3);
  const changes: SectionChange[] = [];
  for (let i = 0; i < count; i += 1) {
    const name = reader.readString();
    const mode = MODES[reader.readByte()];
    if (mode === undefined) throw malformed(name);
    changes.push({ name, mode, bytes: reader.readBytes(reader.readVarint()) });
  }
  reader.expectEnd();
  return changes;
}

/** The state of a subtask at a committed version, as bytes. */
export class Sections {
  readonly #lists = new Map<string, readonly Uint8Array[]>();
  #bytes = 0;

  /** Of all that is held. */
  get bytes(): number {
    return this.#bytes;
  }

  names(): readonly string[] {
    return [...this.#lists.keys()];
  }

  list(name: string): readonly Uint8Array[] {
    return this.#lists.get(name) ?? [];
  }

  /** The only byte string of a section that is always replaced; null: there is none. */
  single(name: string): Uint8Array | null {
    return this.#lists.get(name)?.at(-1) ?? null;
  }

  apply(changes: readonly SectionChange[]): void {
    for (const { name, mode, bytes } of changes) {
      const before = this.#lists.get(name) ?? [];
      if (mode === "append") {
        this.#lists.set(name, [...before, bytes]);
        this.#bytes += bytes.length;
        continue;
      }
      this.#bytes -= before.reduce((sum, each) => sum + each.length, 0);
      if (mode === "clear") this.#lists.delete(name);
      else {
        this.#lists.set(name, [bytes]);
        this.#bytes += bytes.length;
      }
    }
  }

  /** Everything, as the changes that make it from nothing. */
  all(): readonly SectionChange[] {
    const changes: SectionChange[] = [];
    for (const [name, list] of this.#lists) {
      list.forEach((bytes, index) => {
        changes.push({ name, mode: index === 0 ? "replace" : "append", bytes });
      });
    }
    return changes;
  }
}

export function sameBytes(left: Uint8Array, right: Uint8Array | null): boolean {
  if (right === null || left.length !== right.length) return false;
  for (let i = 0; i < left.length; i += 1) if (left[i] !== right[i]) return false;
  return true;
}

function malformed(name: string): DataError {
  return new DataError(`section ${name} of a ledger entry is malformed`, {
    code: "DATA_LEDGER_ENTRY",
    hint: "it was written by a newer Millrace, or its bytes are damaged",
  });
}
