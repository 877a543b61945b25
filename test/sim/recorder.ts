import type { Call } from "./call.ts";
import { hashOf, mix } from "./random.ts";

/** Something that is no call: an invocation, a note. */
export interface Note {
  readonly at: number;
  readonly client: string;
  readonly invocation: number;
  readonly text: string;
}

/** Makes a call's subject readable, e.g. by decoding a message; null: as the recorder would. */
export type Describe = (call: Call) => string | null;

/**
 * What happened last, and a hash of all that happened.
 *
 *   N1  two runs with the same hash and the same number of lines did the same at the same times
 */
export class Recorder {
  readonly #ring: (Call | Note)[] = [];
  readonly #limit: number;
  readonly #describe: Describe;
  #lines = 0;
  #calls = 0;
  #hash = 0;

  constructor(limit: number, describe: Describe) {
    this.#limit = limit;
    this.#describe = describe;
  }

  get lines(): number {
    return this.#lines;
  }

  get calls(): number {
    return this.#calls;
  }

  get hash(): number {
    return this.#hash;
  }

  /** A call is kept from its start; its outcome shows up in the trace when it is known. */
  call(call: Call): void {
    this.#keep(call);
    this.#calls += 1;
    this.#hash = mix(mix(this.#hash, call.word), mix(Math.floor(call.startedAt), call.bytes));
  }

  /** Counts the outcome into the hash. */
  ended(call: Call): void {
    this.#hash = mix(this.#hash, mix(hashOf(call.outcome), Math.floor(call.endedAt)));
  }

  note(at: number, client: string, invocation: number, text: string): void {
    this.#keep({ at, client, invocation, text });
    this.#hash = mix(mix(this.#hash, hashOf(text)), Math.floor(at));
  }

  #keep(line: Call | Note): void {
    this.#ring[this.#lines % this.#limit] = line;
    this.#lines += 1;
  }

  /** The last lines, grouped by invocation in the order in which the invocations began. */
  trace(lines: number = this.#limit): string {
    const kept = this.#last(Math.min(lines, this.#limit));
    const first = kept[0];
    if (first === undefined) return "";
    const epoch = timeOf(first);
    const groups = new Map<string, (Call | Note)[]>();
    for (const line of kept) {
      const group = `${line.client}${line.invocation === 0 ? "" : `, invocation ${line.invocation}`}`;
      const members = groups.get(group);
      if (members === undefined) groups.set(group, [line]);
      else members.push(line);
    }
    return [...groups]
      .map(([group, members]) =>
        [`${group}:`, ...members.map((line) => `  ${this.#text(line, epoch)}`)].join("\n"),
      )
      .join("\n");
  }

  #last(count: number): readonly (Call | Note)[] {
    const from = Math.max(0, this.#lines - count);
    return Array.from(
      { length: this.#lines - from },
      (_, at) => this.#ring[(from + at) % this.#limit] as Call | Note, // a line that was kept
    );
  }

  #text(line: Call | Note, epoch: number): string {
    const time = `+${((timeOf(line) - epoch) / 1000).toFixed(3)}s`.padStart(11);
    if ("text" in line) return `${time} ${line.text}`;
    const { kind, resource } = line.place;
    const what =
      `${kind} ${resource} ${this.#describe(line) ?? subjectText(line.subject)}`.trimEnd();
    const took = line.endedAt === 0 ? "" : ` (${Math.round(line.endedAt - line.startedAt)} ms)`;
    const fault = line.fault === null ? "" : `  [${line.fault.occurrence}]`;
    return `${time} #${line.number} ${what} -> ${line.outcome}${took}${fault}`;
  }
}

function timeOf(line: Call | Note): number {
  return "text" in line ? line.at : line.startedAt;
}

function subjectText(subject: unknown): string {
  if (subject === null) return "";
  if (typeof subject === "string" || typeof subject === "number") return String(subject);
  if (!Array.isArray(subject)) return "";
  return subject.length > 4 ? `${subject.length} items` : subject.map(itemText).join(" ");
}

function itemText(item: unknown): string {
  if (typeof item !== "object" || item === null) return String(item);
  if (!("group" in item) || !("body" in item)) return "";
  return `${String(item.group)}:${(item.body as Uint8Array).length}B`; // entries and messages have bytes
}
