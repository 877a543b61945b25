import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Model, Subject, step } from "./subject.ts";

const steps = fc.array(step, { maxLength: 30 });
const UNLIMITED = { exhausted: (): boolean => false };

describe("the undo journal", () => {
  test("takes everything back to its mark, whatever was done, cuts in between included", () => {
    fc.assert(
      fc.property(steps, steps, steps, (before, undone, after) => {
        const model = new Model();
        const subject = new Subject();
        subject.backend.enableJournal();
        for (const each of before) {
          model.apply(each);
          subject.apply(each);
        }
        const base = subject.backend.snapshotFull();
        const journal = subject.backend.journal;
        const mark = journal?.mark() ?? -1;
        for (const each of undone) subject.apply(each);
        journal?.rollback(mark);
        expect(subject.contents()).toEqual(model.contents());
        for (const each of after) {
          model.apply(each);
          subject.apply(each);
        }
        expect(subject.contents()).toEqual(model.contents());
        const segment = subject.backend.snapshotDelta();
        const files = segment === null ? [base] : [base, segment];
        expect(new Subject({ files: [files] }).contents()).toEqual(model.contents());
      }),
      { numRuns: 400 },
    );
  });

  test("brings back timers that fired or were deleted since the mark", () => {
    fc.assert(
      fc.property(steps, steps, fc.integer({ min: 0, max: 9 }), (before, undone, watermark) => {
        const subject = new Subject();
        const untouched = new Subject();
        subject.backend.enableJournal();
        for (const each of before) {
          subject.apply(each);
          untouched.apply(each);
        }
        const mark = subject.backend.journal?.mark() ?? -1;
        for (const each of undone) subject.apply(each);
        subject.timers.advanceEventTime(watermark, UNLIMITED);
        subject.backend.journal?.rollback(mark);
        subject.fired.length = 0;
        for (const one of [subject, untouched]) one.timers.advanceEventTime(9, UNLIMITED);
        expect(subject.fired.toSorted()).toEqual(untouched.fired.toSorted());
      }),
      { numRuns: 300 },
    );
  });

  test("keeps what was released, and takes back only to the mark that is given", () => {
    const subject = new Subject();
    subject.backend.enableJournal();
    const { journal } = subject.backend;
    const append = (value: number): void =>
      subject.apply({ namespace: null, key: 1, operation: { kind: "append", value } });
    append(1);
    journal?.release();
    const outer = journal?.mark();
    append(2);
    const inner = journal?.mark();
    append(3);
    journal?.rollback(inner);
    expect(subject.contents().rows).toEqual({ "null 1": { list: [1, 2] } });
    journal?.rollback(outer);
    expect(subject.contents().rows).toEqual({ "null 1": { list: [1] } });
  });
});
