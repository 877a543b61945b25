import fc from "fast-check";
import { expect, test } from "vitest";
import type { KeyedFileRef } from "../../../core/checkpoint/snapshot.ts";
import type { KeyedBase } from "../../../core/protocol/ledger-entry.ts";
import { KeyedFiles } from "../../../core/protocol/keyed-files.ts";
import type { ChainedOperator } from "../../../core/runtime/operator-chain.ts";
import { Model, Subject, type Step, step } from "../state/subject.ts";

const OPTIONS = { job: "job", generation: 1, address: { vertex: "sum", subtask: 0 } };

/** A subtask that writes a base entry after each batch of steps. */
class Writer {
  readonly subject = new Subject();
  readonly objects = new Map<string, Uint8Array>();
  /** Bytes written by each base entry, and those of its changes among them. */
  readonly written: { readonly all: number; readonly changes: number }[] = [];
  files: readonly KeyedBase[] = [];
  readonly #keyed: KeyedFiles;
  /** What lies in entries since the last file. */
  #since: Uint8Array[] = [];
  #version = 0;

  constructor(rewriteBytesMax: number) {
    this.#keyed = new KeyedFiles({ ...OPTIONS, rewriteBytesMax }, []);
  }

  turn(steps: readonly Step[], cuts = true): void {
    this.#version += 1;
    for (const each of steps) this.subject.apply(each);
    const segment = this.subject.backend.turnSegment();
    if (segment !== null) this.#since.push(segment);
    const { files, objects, written } = this.#keyed.snapshot(
      // Only these two are looked at.
      [{ node: { uid: "sum" }, state: this.subject.backend } as unknown as ChainedOperator],
      () => this.#since,
      this.#version,
      "c",
      cuts ? this.#version : 0,
    );
    if (written.includes("sum")) this.#since = [];
    for (const { ref, bytes } of objects) this.objects.set(ref.key, bytes);
    this.files = files;
    this.#keyed.committed(files);
    this.written.push({
      all: objects.reduce((sum, { bytes }) => sum + bytes.length, 0),
      changes: segment?.length ?? 0,
    });
  }

  get own(): readonly KeyedFileRef[] {
    return this.files[0]?.own ?? [];
  }

  restored(): Subject {
    const files = this.own.map(({ key }) => this.objects.get(key) as Uint8Array);
    return new Subject({ files: [[...files, ...this.#since]] });
  }
}

test("files hold the state, whether they are rewritten at once or key group by key group", () => {
  const turn = fc.record({ steps: fc.array(step, { maxLength: 12 }), cuts: fc.boolean() });
  const turns = fc.array(turn, { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(turns, fc.constantFrom(1, 200, 1_000, 1_000_000), (all, rewriteBytesMax) => {
      const model = new Model();
      const writer = new Writer(rewriteBytesMax);
      for (const { steps, cuts } of all) {
        for (const each of steps) model.apply(each);
        writer.turn(steps, cuts);
        expect(writer.own.length).toBeLessThan(140);
      }
      expect(writer.restored().contents()).toEqual(model.contents());
    }),
    { numRuns: 200 },
  );
});

test("large state is rewritten a little in every turn, and the files stay few", () => {
  const writer = new Writer(4_096);
  const put = (key: number, value: number): Step => ({
    namespace: null,
    key,
    operation: { kind: "value", value },
  });
  const keys = Array.from({ length: 20_000 }, (_, key) => put(key, key));
  writer.turn(keys);
  const whole = writer.written[0]?.all ?? 0;
  expect(whole).toBeGreaterThan(50_000);
  const model = new Model();
  for (const each of keys) model.apply(each);
  for (let turn = 1; turn <= 200; turn += 1) {
    const steps = Array.from({ length: 50 }, (_, index) => put((turn * 97 + index) % 20_000, turn));
    for (const each of steps) model.apply(each);
    writer.turn(steps);
  }
  const most = Math.max(...writer.written.slice(1).map(({ all }) => all));
  expect(most).toBeLessThan(whole / 8);
  expect(writer.own.length).toBeLessThanOrEqual(64);
  const bytes = writer.own.reduce((sum, ref) => sum + ref.bytes, 0);
  expect(bytes).toBeLessThan(whole * 3);
  expect(writer.own.every(({ kind }) => kind === "segment")).toBe(true);
  expect(writer.restored().contents()).toEqual(model.contents());
});

test("small changes stay in the entries until a checkpoint names them, or there are many", () => {
  const writer = new Writer(1_000_000);
  const put = (key: number): Step => ({
    namespace: null,
    key,
    operation: { kind: "value", value: key },
  });
  for (let turn = 0; turn < 10; turn += 1) writer.turn([put(turn)], false);
  expect(writer.objects.size).toBe(0);
  writer.turn([], true);
  expect(writer.objects.size).toBe(1);
  writer.turn(
    Array.from({ length: 100_000 }, (_, key) => put(key * 7_919)),
    false,
  );
  expect(writer.objects.size).toBe(2);
});
