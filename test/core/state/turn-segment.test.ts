import { describe, expect, test } from "vitest";
import { FixtureFile } from "../record/fixture-file.ts";
import { errorOf } from "../record/error-of.ts";
import { keyGroup, seal } from "../../../core/record/index.ts";
import { type Step, Subject, together } from "./subject.ts";

const KEYS = [1, 2, 3, 4, 5, "x"] as const;
const BEFORE: readonly Step[] = KEYS.flatMap((key): Step[] => [
  { namespace: null, key, operation: { kind: "value", value: 7 } },
  { namespace: "w", key, operation: { kind: "append", value: 8 } },
  { namespace: 60_000, key, operation: { kind: "accumulate", value: 9 } },
]);
const TURN: readonly Step[] = [
  { namespace: null, key: 1, operation: { kind: "value", value: "new" } },
  { namespace: null, key: 2, operation: { kind: "remove-key" } },
  { namespace: null, key: "x", operation: { kind: "timer", time: 5 } },
  { namespace: "w", key: 3, operation: { kind: "append", value: 1 } },
  { namespace: "w", key: 3, operation: { kind: "namespace-timer", time: 9 } },
  { namespace: 60_000, key: 3, operation: { kind: "drop" } },
];

function filesOf(): { readonly subject: Subject; readonly files: Uint8Array[] } {
  const subject = new Subject();
  for (const each of BEFORE) subject.apply(each);
  const base = subject.backend.snapshotFull();
  for (const each of TURN) subject.apply(each);
  return { subject, files: [base, subject.backend.turnSegment() ?? base] };
}

describe("the segment of a turn", () => {
  test("keeps its bytes, and is read after a base", () => {
    const { subject, files } = filesOf();
    const [base, segment] = files as [Uint8Array, Uint8Array];
    const made = Buffer.from(segment).toString("hex");
    const stored = new FixtureFile("../protocol/v1/bytes.tsv").read("turn segment", made);
    expect(made).toBe(stored);
    const read = new Uint8Array(Buffer.from(stored, "hex"));
    expect(new Subject({ files: [[base, read]] }).contents()).toEqual(subject.contents());
  });

  test("gives each of the next subtasks the rows of its key groups", () => {
    const { subject, files } = filesOf();
    const groups = KEYS.map((key) => keyGroup(key, 128)).toSorted((a, b) => a - b);
    const middle = groups[2] ?? 0;
    const first = new Subject({ first: 0, last: middle, files: [files] });
    const second = new Subject({ first: middle + 1, last: 127, files: [files] });
    expect(together([first, second])).toEqual(subject.contents());
    expect(Object.keys(first.contents().rows).length).toBeGreaterThan(0);
    expect(Object.keys(second.contents().rows).length).toBeGreaterThan(0);
  });

  test("with a key that its writer does not own is refused, and so is a newer format", () => {
    const { files } = filesOf();
    const [base, segment] = files as [Uint8Array, Uint8Array];
    // The body follows the envelope's ten bytes: max parallelism 128 in two, first and last group.
    const body = segment.slice(10, -4);
    body[3] = 0;
    const forged = seal("keyedTurn", 1, body);
    expect(errorOf(() => new Subject({ files: [[base, forged]] })).code).toBe("STATE_FILE_DAMAGED");
    const newer = seal("keyedTurn", 2, segment.slice(10, -4));
    expect(errorOf(() => new Subject({ files: [[base, newer]] })).code).toBe("ENVELOPE_NEWER");
  });

  test("is null when nothing changed", () => {
    const { subject } = filesOf();
    expect(subject.backend.turnSegment()).toBeNull();
  });
});
