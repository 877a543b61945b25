import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keyGroupRange } from "../../../core/record/index.ts";
import { Model, Subject, step, together } from "./subject.ts";

const steps = fc.array(step, { maxLength: 40 });
/** What happens between two cuts. */
const epochs = fc.array(steps, { minLength: 1, maxLength: 5 });
/** Whether a cut writes what a turn writes, or what a checkpoint does. */
const turns = fc.array(fc.boolean(), { minLength: 7, maxLength: 7 });

function segmentOf({ backend }: Subject, turn: boolean | undefined): Uint8Array | null {
  return turn === true ? backend.turnSegment() : backend.snapshotDelta();
}

function subtasks(parallelism: number, files: readonly Uint8Array[][] = []): Subject[] {
  return Array.from(
    { length: parallelism },
    (_, index) => new Subject({ ...keyGroupRange(index, parallelism, 128), files }),
  );
}

describe("a snapshot", () => {
  test("of a base and segments restores to what was there at the last cut", () => {
    fc.assert(
      fc.property(epochs, steps, turns, (cuts, after, byTurn) => {
        const model = new Model();
        const subject = new Subject();
        const files = [subject.backend.snapshotFull()];
        for (const [index, epoch] of cuts.entries()) {
          for (const each of epoch) {
            model.apply(each);
            subject.apply(each);
          }
          const segment = segmentOf(subject, byTurn[index]);
          if (segment !== null) files.push(segment);
          expect(subject.backend.snapshotDelta()).toBeNull();
          expect(subject.backend.turnSegment()).toBeNull();
        }
        expect(subject.contents()).toEqual(model.contents());
        const restored = new Subject({ files: [files] });
        expect(restored.contents()).toEqual(model.contents());
        const again = restored.backend.snapshotDelta();
        expect(again).toBeNull();
        for (const each of after) {
          model.apply(each);
          restored.apply(each);
        }
        const segment = segmentOf(restored, byTurn.at(-1));
        const last = new Subject({ files: [segment === null ? files : [...files, segment]] });
        expect(last.contents()).toEqual(model.contents());
      }),
      { numRuns: 400 },
    );
  });

  test("restores at another parallelism, and at another one again", () => {
    fc.assert(
      fc.property(epochs, epochs, epochs, turns, (one, three, two, byTurn) => {
        const model = new Model();
        let files: Uint8Array[][] = [];
        for (const [parallelism, cuts] of [
          [1, one],
          [3, three],
          [2, two],
        ] as const) {
          const subjects = subtasks(parallelism, files);
          expect(together(subjects)).toEqual(model.contents());
          files = subjects.map((subject) => [subject.backend.snapshotFull()]);
          for (const [cut, epoch] of cuts.entries()) {
            for (const each of epoch) {
              model.apply(each);
              for (const subject of subjects) subject.apply(each);
            }
            subjects.forEach((subject, index) => {
              const segment = segmentOf(subject, byTurn[cut]);
              if (segment !== null) files[index]?.push(segment);
            });
          }
        }
        expect(together(subtasks(1, files))).toEqual(model.contents());
      }),
      { numRuns: 100 },
    );
  });

  test("fires the same timers after a restore", () => {
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        const subject = new Subject();
        for (const each of before) subject.apply(each);
        const restored = new Subject({ files: [[subject.backend.snapshotFull()]] });
        for (const each of after) {
          subject.apply(each);
          restored.apply(each);
        }
        for (const one of [subject, restored]) {
          one.timers.advanceEventTime(4, { exhausted: () => false });
          one.timers.advanceEventTime(9, { exhausted: () => false });
        }
        // Equal times may fire in another order after a restore (TS2).
        expect(restored.fired.toSorted()).toEqual(subject.fired.toSorted());
        expect(restored.contents()).toEqual(subject.contents());
      }),
      { numRuns: 200 },
    );
  });
});
