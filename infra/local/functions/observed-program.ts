import { assert } from "../../../core/assert.ts";
import type {
  ReaderOutput,
  Sink,
  SinkWriter,
  Source,
  SourceReader,
  SplitOutput,
  WriteAheadApplier,
} from "../../../core/connector/index.ts";
import type { Implementation, Program } from "../../../core/runtime/program.ts";
import type { Tally } from "./worker-counts.ts";

/** The same program, which counts what its sources read and its sinks are given. */
export function observedProgram(program: Program, tally: Tally): Program {
  const implementations = new Map<string, Implementation>();
  for (const [uid, implementation] of program.implementations) {
    implementations.set(uid, observed(implementation, tally));
  }
  return { ...program, implementations };
}

function observed(implementation: Implementation, tally: Tally): Implementation {
  switch (implementation.kind) {
    case "source":
      return { ...implementation, source: countedSource(implementation.source, tally) };
    case "sink":
      return { ...implementation, sink: countedSink(implementation.sink, tally) };
    case "operator":
      return implementation;
  }
}

function countedSource(source: Source<unknown>, tally: Tally): Source<unknown> {
  return delegate(source, {
    createReader: (context) => {
      const reader = source.createReader(context);
      const outputs = new CountedOutputs(tally);
      return delegate<SourceReader<unknown, unknown>>(reader, {
        poll: (output, recordsMax) => reader.poll(outputs.around(output), recordsMax),
      });
    },
  });
}

function countedSink(sink: Sink<unknown>, tally: Tally): Sink<unknown> {
  const createWriter: Sink<unknown>["createWriter"] = (context) => {
    const writer = sink.createWriter(context);
    const name = `${context.uid}.${context.subtask}`;
    return delegate<SinkWriter<unknown, unknown>>(writer, {
      write: (value, timestamp) => {
        writer.write(value, timestamp);
        tally.sink(name, 1);
      },
    });
  };
  if (sink.createApplier === undefined) return delegate(sink, { createWriter });
  return delegate(sink, { createWriter, createApplier: () => countedApplier(sink, tally) });
}

function countedApplier(sink: Sink<unknown>, tally: Tally): WriteAheadApplier<unknown> {
  const applier = sink.createApplier?.();
  assert(applier !== undefined, `${sink.describe} is a write-ahead sink`);
  return delegate(applier, {
    apply: async (values, timestamps, position) => {
      await applier.apply(values, timestamps, position);
      tally.sink(`${position.uid}.${position.subtask}`, values.length);
    },
  });
}

/**
 * An object that does what `inner` does, but for `changes`. What `inner` does not have is not there
 * either, and its methods keep their `this`. The target is empty, for `inner` may be frozen.
 */
function delegate<T extends object>(inner: T, changes: Partial<T>): T {
  const known = new Map<PropertyKey, unknown>(Object.entries(changes));
  const get = (_target: object, name: PropertyKey): unknown => {
    if (known.has(name)) return known.get(name);
    const value: unknown = Reflect.get(inner, name);
    if (typeof value !== "function") return value;
    const bound = value.bind(inner) as unknown;
    known.set(name, bound);
    return bound;
  };
  return new Proxy<object>({}, { get }) as T; // it has what `inner` has
}

/** Counts records on their way; split outputs are made once per split, not per record. */
class CountedOutputs implements ReaderOutput<unknown> {
  readonly #tally: Tally;
  readonly #splits = new Map<string, CountedSplit>();
  #output: ReaderOutput<unknown> | null = null;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  around(output: ReaderOutput<unknown>): this {
    this.#output = output;
    return this;
  }

  split(splitId: string): SplitOutput<unknown> {
    const known = this.#splits.get(splitId);
    if (known !== undefined) return known;
    const inner = (this.#output as ReaderOutput<unknown>).split(splitId); // a poll is under way
    const split = new CountedSplit(inner, this.#tally);
    this.#splits.set(splitId, split);
    return split;
  }

  release(splitId: string): void {
    this.#splits.delete(splitId);
    this.#output?.release(splitId);
  }
}

class CountedSplit implements SplitOutput<unknown> {
  readonly #inner: SplitOutput<unknown>;
  readonly #tally: Tally;

  constructor(inner: SplitOutput<unknown>, tally: Tally) {
    this.#inner = inner;
    this.#tally = tally;
  }

  collect(value: unknown, timestamp: number, position: number): void {
    this.#tally.records += 1;
    this.#inner.collect(value, timestamp, position);
  }

  dirty(raw: unknown, error: unknown, position: number): void {
    this.#tally.records += 1;
    this.#inner.dirty(raw, error, position);
  }
}
