import fc from "fast-check";
import { expect, test } from "vitest";
import { packKeyedFiles } from "../../../core/state/index.ts";
import { Model, Subject, step } from "./subject.ts";

const epochs = fc.array(fc.array(step, { maxLength: 30 }), { minLength: 1, maxLength: 6 });
const unbounded = { exhausted: () => false };

test("tables of an older version go on with the segments of others, wherever they stand", () => {
  fc.assert(
    fc.property(epochs, fc.nat(5), fc.boolean(), fc.boolean(), (cuts, at, packed, turns) => {
      const model = new Model();
      const writer = new Subject();
      const segments: Uint8Array[] = [];
      const base = writer.backend.snapshotFull();
      let behind = new Subject({ files: [[base]] });
      let known = 0;
      cuts.forEach((epoch, index) => {
        for (const each of epoch) {
          model.apply(each);
          writer.apply(each);
        }
        const { backend } = writer;
        const segment = turns ? backend.turnSegment() : backend.snapshotDelta();
        if (segment !== null) segments.push(segment);
        if (index % (at + 1) !== at) return;
        // A pack has what was written since the last file, also what is known already (CT1).
        const since = packed ? [packKeyedFiles(segments)] : segments.slice(known);
        behind = new Subject({ before: behind, segments: since });
        known = segments.length;
        expect(behind.contents()).toEqual(model.contents());
        expect(behind.backend.snapshotDelta()).toBeNull();
      });
      behind = new Subject({ before: behind, segments: segments.slice(known) });
      expect(behind.contents()).toEqual(model.contents());
      const restored = new Subject({ files: [[base, ...segments]] });
      for (const one of [behind, restored]) one.timers.advanceEventTime(9, unbounded);
      expect(behind.fired.toSorted()).toEqual(restored.fired.toSorted());
      expect(behind.contents()).toEqual(restored.contents());
    }),
    { numRuns: 500 },
  );
});

test("a timer that stays has one entry, however often its key changes elsewhere", () => {
  const writer = new Subject();
  const set = (value: number): void =>
    writer.apply({ namespace: null, key: 1, operation: { kind: "value", value } });
  writer.apply({ namespace: null, key: 1, operation: { kind: "timer", time: 5 } });
  let behind = new Subject({ files: [[writer.backend.snapshotFull()]] });
  for (let value = 0; value < 20; value += 1) {
    set(value);
    const segment = writer.backend.snapshotDelta();
    behind = new Subject({ before: behind, segments: segment === null ? [] : [segment] });
  }
  expect(behind.timers.entries).toBe(1);
});
