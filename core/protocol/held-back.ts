import { limits } from "../limits.ts";
import { ByteReader, keepScratch, takeScratch } from "../record/index.ts";
import { decodeElement, encodeElement } from "../record/element-codec.ts";
import type { StreamTask } from "../runtime/stream-task.ts";
import type { Emission } from "../runtime/task-output.ts";
import { type SectionChange, type Sections, clearSection } from "./sections.ts";

const PREFIX = "held-back:";

/** How much of a channel's held-back output is in its section. */
interface Committed {
  readonly taken: number;
  readonly length: number;
  readonly bytes: number;
}

/** Where what is held back can go in a turn. */
export interface Leaving {
  /** Whether a message with room for more goes to the target (HB3). */
  joins(edge: number, to: number): boolean;
  route(emissions: readonly Emission[]): void;
}

/**
 * Output that waits for more, or for its buffer timeout (P13): a section for each edge and target,
 * to which a turn appends what it added. So an entry costs what is new, however much is waiting.
 *
 *   HB1  a section has exactly the records that are held back for its target, in their order
 *   HB2  what has reached `heldOutputBytesMax` leaves in the turn that made it so large
 *   HB3  what a message with room for it goes to anyway leaves with that: waiting would save no
 *        message, and would have to be written twice
 */
export class HeldBack {
  readonly #task: StreamTask;
  readonly #committed = new Map<string, Committed>();

  /** Puts what `sections` say back into the task, which is not open yet. */
  constructor(task: StreamTask, sections: Sections) {
    this.#task = task;
    for (const name of sections.names()) {
      if (name.startsWith(PREFIX)) this.#restore(name, sections.list(name));
    }
  }

  #restore(name: string, parts: readonly Uint8Array[]): void {
    const [edge = 0, to = 0] = name.slice(PREFIX.length).split("/").map(Number);
    const values: unknown[] = [];
    const timestamps: number[] = [];
    let since = 0;
    let bytes = 0;
    for (const part of parts) {
      const reader = new ByteReader(part);
      const at = reader.readF64();
      if (bytes === 0) since = at;
      const element = decodeElement(reader);
      if (element.kind !== "records") continue;
      for (const value of element.values) values.push(value);
      for (const timestamp of element.timestamps) timestamps.push(timestamp);
      bytes += part.length;
    }
    this.#task.holdOutput({ edge, to, values, timestamps, since });
    this.#committed.set(name, { taken: 0, length: values.length, bytes });
  }

  /**
   * What the turn changed. `leaving`: null: nothing may leave now. `whole`: many small parts become
   * one, for an entry that has everything anyway.
   */
  collect(changes: SectionChange[], leaving: Leaving | null, whole: boolean): void {
    const stays = new Set<string>();
    for (const { edge, to, length, since, taken } of this.#task.heldOutput()) {
      if (leaving?.joins(edge, to) === true) {
        leaving.route(this.#task.flushOutput(edge, to));
        continue;
      }
      const name = `${PREFIX}${edge}/${to}`;
      const before = whole ? nothing(taken) : this.#before(name, taken);
      stays.add(name);
      if (length === before.length) continue;
      const part = this.#part(edge, to, before.length, since);
      const bytes = before.bytes + part.length;
      if (leaving !== null && bytes >= limits.heldOutputBytesMax) {
        leaving.route(this.#task.flushOutput(edge, to));
        stays.delete(name);
        continue;
      }
      changes.push({ name, mode: before.length === 0 ? "replace" : "append", bytes: part });
      this.#committed.set(name, { taken, length, bytes });
    }
    for (const name of this.#committed.keys()) {
      if (stays.has(name)) continue;
      this.#committed.delete(name);
      changes.push(clearSection(name));
    }
  }

  #before(name: string, taken: number): Committed {
    const known = this.#committed.get(name);
    return known?.taken === taken ? known : nothing(taken);
  }

  #part(edge: number, to: number, from: number, since: number): Uint8Array {
    const writer = takeScratch();
    writer.writeF64(since);
    encodeElement({ kind: "records", ...this.#task.heldRecords(edge, to, from) }, writer);
    const bytes = writer.toBytes();
    keepScratch(writer);
    return bytes;
  }
}

function nothing(taken: number): Committed {
  return { taken, length: 0, bytes: 0 };
}
