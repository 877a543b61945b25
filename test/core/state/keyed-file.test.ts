import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MillraceError } from "../../../core/errors.ts";
import { keyGroup } from "../../../core/record/index.ts";
import {
  TRAILER_BYTES,
  footerRange,
  openSection,
  parseKeyedFooter,
  readBlock,
  readKeyedFooter,
} from "../../../core/state/index.ts";
import { testBackend } from "./harness.ts";
import type { Step } from "./subject.ts";
import { Subject } from "./subject.ts";

const STEPS: readonly Step[] = [
  ...[1, 2, 3, "x"].flatMap((key): Step[] => [
    { namespace: null, key, operation: { kind: "value", value: 7 } },
    { namespace: "w", key, operation: { kind: "append", value: 8 } },
    { namespace: 60_000, key, operation: { kind: "accumulate", value: 9 } },
    { namespace: null, key, operation: { kind: "timer", time: 5 } },
  ]),
  { namespace: "w", key: 1, operation: { kind: "put", field: "a", value: null } },
  { namespace: "w", key: 1, operation: { kind: "namespace-timer", time: 9 } },
];

function subject(): Subject {
  const made = new Subject();
  for (const each of STEPS) made.apply(each);
  return made;
}

describe("a keyed state file", () => {
  test("can be read by ranges: trailer, footer, then sections of the key groups wanted", () => {
    const file = subject().backend.snapshotFull();
    const range = (offset: number, length: number): Uint8Array =>
      file.slice(offset, offset + length);
    const { offset, length } = footerRange(range(file.length - TRAILER_BYTES, TRAILER_BYTES));
    const footer = parseKeyedFooter(range(offset, length));
    expect(footer).toEqual(readKeyedFooter(file));
    expect(() => openSection(range(offset, length), 1)).toThrow("part 2 in the place of 1");
    expect(footer.sections.map(({ group }) => group)).toEqual(
      [1, 2, 3, "x"].map((key) => keyGroup(key, 128)).toSorted((a, b) => a - b),
    );
    for (const section of footer.sections) {
      const reader = openSection(range(section.offset, section.length), section.group);
      const block = readBlock(reader, footer.columns.length);
      for (const key of block.keys) expect(keyGroup(key, 128)).toBe(section.group);
      const other = (): unknown =>
        openSection(range(section.offset, section.length), section.group + 1);
      expect(other).toThrow(`key group ${section.group} in the place of`);
    }
  });

  test("names its columns, the hidden ones of timers too, and its namespace timers", () => {
    const footer = readKeyedFooter(subject().backend.snapshotFull());
    expect(footer).toMatchObject({
      maxParallelism: 128,
      firstKeyGroup: 0,
      lastKeyGroup: 127,
      columns: [
        { name: "value", kind: "value", version: 1 },
        { name: "list", kind: "list", version: 1 },
        { name: "map", kind: "map", version: 1 },
        { name: "sum", kind: "aggregating", version: 1 },
        { name: ":timers:event-time", kind: "timers", version: 1 },
      ],
      dropped: [],
      eventTimers: [["w", 9]],
      processingTimers: [],
    });
  });

  test("holds only what changed when it is a segment", () => {
    const one = subject();
    one.backend.snapshotFull();
    one.apply({ namespace: null, key: 2, operation: { kind: "value", value: 1 } });
    one.apply({ namespace: "w", key: 2, operation: { kind: "drop" } });
    const segment = one.backend.snapshotDelta();
    if (segment === null) throw new Error("there are changes");
    const footer = readKeyedFooter(segment);
    expect(footer.sections.map(({ group }) => group)).toEqual([keyGroup(2, 128)]);
    expect(footer.dropped).toEqual(["w"]);
  });

  test("does not speak of namespaces that came and went between two snapshots", () => {
    const one = subject();
    one.backend.snapshotFull();
    one.apply({ namespace: "short", key: 2, operation: { kind: "value", value: 1 } });
    one.apply({ namespace: "short", key: 2, operation: { kind: "drop" } });
    expect(one.backend.snapshotDelta()).toBeNull();
  });

  test("is refused when a bit is flipped or bytes are missing, wherever", () => {
    const file = subject().backend.snapshotFull();
    const refused = (bytes: Uint8Array): void => {
      let error: unknown = null;
      try {
        testBackend().restore([bytes]);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(MillraceError);
    };
    fc.assert(
      fc.property(fc.nat({ max: file.length * 8 - 1 }), (bit) => {
        const damaged = file.slice();
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        refused(damaged);
      }),
      { numRuns: 500 },
    );
    for (let length = 0; length < file.length; length += 3) refused(file.slice(0, length));
    refused(new Uint8Array(0));
    refused(Uint8Array.from([...file, 0]));
  });

  test("names the state whose value no snapshot can hold", () => {
    const one = subject();
    class Order {}
    one.apply({
      namespace: null,
      key: 1,
      operation: { kind: "value", value: new Order() as never },
    });
    expect(() => one.backend.snapshotFull()).toThrow("state value");
  });
});

test("many namespaces and key groups restore as they were", () => {
  const one = new Subject();
  for (let key = 0; key < 2_000; key++) {
    one.apply({ namespace: key % 50, key, operation: { kind: "value", value: key } });
    one.apply({
      namespace: null,
      key: `key ${key}`,
      operation: { kind: "accumulate", value: key },
    });
  }
  const restored = new Subject({ files: [[one.backend.snapshotFull()]] });
  expect(restored.contents()).toEqual(one.contents());
});
