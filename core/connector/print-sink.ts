import type { Sink, SinkWriter, SinkWriterContext } from "./sink.ts";

export interface PrintSinkOptions {
  /** Stands in front of every line. */
  readonly label?: string;
}

/**
 * Prints each record as one line on the job's standard output, as Flink does: `label:2> value`,
 * where 2 is the subtask counted from 1 and is left out at parallelism 1. Strings are printed as
 * they are, everything else as JSON. After a restart records since the last checkpoint come again.
 *
 * @example stream.sinkTo(printSink({ label: "late" })) // late> {"origin":"SEA"}
 */
export function printSink<T = unknown>(options: PrintSinkOptions = {}): Sink<T, never> {
  return {
    describe: options.label === undefined ? "print" : `print(${options.label})`,
    guarantee: "at-least-once",
    createWriter: (context) => new PrintWriter<T>(context, options.label ?? ""),
  };
}

class PrintWriter<T> implements SinkWriter<T, never> {
  readonly #context: SinkWriterContext;
  readonly #prefix: string;

  constructor(context: SinkWriterContext, label: string) {
    const subtask = context.parallelism > 1 ? String(context.subtask + 1) : "";
    const parts = [label, subtask].filter((part) => part !== "");
    this.#context = context;
    this.#prefix = parts.length === 0 ? "" : `${parts.join(":")}> `;
  }

  write(value: T): void {
    this.#context.print(this.#prefix + toText(value));
  }
}

function toText(value: unknown): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value, plain) ?? String(value);
}

/** What JSON has no form for: big integers as text, a Map as its entries, a Set as its values. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Map || value instanceof Set) return [...value];
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
