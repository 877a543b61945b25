import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type {
  AggregatingState,
  KeyedStateBackend,
  ListState,
  MapState,
  ValueState,
} from "../../../core/state/index.ts";
import { aggregatingState, listState, mapState, valueState } from "../../../core/state/index.ts";
import { TimerService } from "../../../core/time/index.ts";
import { TestClock, testBackend } from "./harness.ts";
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

  test.each<readonly [string, (handles: Handles) => void]>([
    ["an append to a list", ({ list }) => list.add({ n: 3 })],
    ["an element of a list changed in place", ({ list }) => bump(list.get()[0])],
    ["an entry removed from a map", ({ map }) => map.remove("a")],
    ["an entry put into a map", ({ map }) => map.put("c", { n: 3 })],
    ["an entry of a map replaced", ({ map }) => map.put("a", { n: 3 })],
    ["an entry of a map changed in place", ({ map }) => bump(map.get("a"))],
    ["entries of a map changed in place", ({ map }) => [...map.values()].forEach(bump)],
    ["a value changed in place", ({ value }) => bump(value.value())],
    ["an accumulator changed in place", ({ sum }) => sum.add(1)],
    ["a timer between others deleted", ({ deleteTimer }) => deleteTimer(2)],
    ["an append to a list with ttl", ({ ttlList }) => ttlList.add({ n: 3 })],
    ["an entry removed from a map with ttl", ({ ttlMap }) => ttlMap.remove("a")],
    ["everything cleared", ({ all }) => all.forEach((state) => state.clear())],
    [
      "many things in a row",
      ({ all, list, map }) => {
        list.add({ n: 3 });
        map.remove("b");
        bump(list.get()[2]);
        all.forEach((state) => state.clear());
        map.put("z", { n: 9 });
        list.update([{ n: 7 }]);
        list.add({ n: 8 });
      },
    ],
  ])("takes back %s", (_name, change) => {
    const backend = testBackend();
    const handles = makeHandles(backend);
    const before = contentsOf(backend);
    backend.enableJournal();
    change(handles);
    expect(contentsOf(backend)).not.toEqual(before);
    backend.journal?.rollback();
    expect(contentsOf(backend)).toEqual(before);
  });
});

interface Box {
  n: number;
}

interface Handles {
  readonly value: ValueState<Box>;
  readonly list: ListState<Box>;
  readonly map: MapState<string, Box>;
  readonly sum: AggregatingState<number, number>;
  readonly ttlList: ListState<Box>;
  readonly ttlMap: MapState<string, Box>;
  readonly all: readonly { clear(): void }[];
  deleteTimer(time: number): void;
}

function bump(box: Box | null | undefined): void {
  if (box === null || box === undefined) throw new Error("a box is there");
  box.n += 1;
}

/** Handles on one key, whose every state has contents. */
function makeHandles(backend: KeyedStateBackend): Handles {
  const ttl = { days: 1 };
  const value = backend.valueState<Box>(valueState("value"));
  const list = backend.listState<Box>(listState("list"));
  const map = backend.mapState<string, Box>(mapState("map"));
  const ttlList = backend.listState<Box>(listState("ttl-list", { ttl }));
  const ttlMap = backend.mapState<string, Box>(mapState("ttl-map", { ttl }));
  const sum = backend.aggregatingState<number, Box, number>(
    aggregatingState("sum", {
      createAccumulator: () => ({ n: 0 }),
      add: (by, box) => {
        box.n += by;
        return box;
      },
      getResult: ({ n }) => n,
    }),
  );
  backend.setCurrentKey("k");
  value.update({ n: 1 });
  for (const each of [list, ttlList]) each.addAll([{ n: 1 }, { n: 2 }]);
  for (const each of [map, ttlMap])
    each.putAll([
      ["a", { n: 1 }],
      ["b", { n: 2 }],
    ]);
  sum.add(5);
  const timers = new TimerService(backend, new TestClock(), {
    onEventTime: () => {},
    onProcessingTime: () => {},
    onNamespaceEventTime: () => {},
    onNamespaceProcessingTime: () => {},
  });
  for (const time of [1, 2, 3, 4]) timers.registerEventTime(backend.scope, time);
  const deleteTimer = (time: number): void => timers.deleteEventTime(backend.scope, time);
  const all = [value, list, map, sum, ttlList, ttlMap];
  return { value, list, map, sum, ttlList, ttlMap, all, deleteTimer };
}

/** All columns of all keys, copied. */
function contentsOf(backend: KeyedStateBackend): unknown {
  return backend.tables.all().map((table) =>
    table.liveSlots().map((slot) => [
      table.identity(slot),
      ...backend.tables.columns.all.map(({ name, index }) => {
        const value = table.peek(index, slot);
        const ordered = value instanceof Map ? [...value] : value;
        return [name, structuredClone(ordered)];
      }),
    ]),
  );
}
