import { deepCopy } from "../state/deep-copy.ts";
import { AggregateRecord } from "./aggregate-record.ts";
import type { WindowContents } from "./window-contents.ts";
import type { WindowFunctionSpec } from "./window-spec.ts";

const FLAT_ENTRIES_MAX = 64;

/**
 * How contents of panes are copied and merged, so that what is stored stays as it is whatever the
 * user's function does with its operands.
 */
export interface PaneContents {
  /** Whether two stacks may hold the contents: small, and of a size that does not grow. */
  stackable(contents: unknown): boolean;
  /** A copy that may be merged into. */
  copy(contents: unknown): unknown;
  /** As `copy`, valid until the next call of `borrow`. */
  borrow(contents: unknown): unknown;
  /** Both in one; may change and return `left`, leaves `right` as it is. */
  merge(left: unknown, right: unknown): unknown;
}

export function paneContents(spec: WindowFunctionSpec, contents: WindowContents): PaneContents {
  if (spec.kind !== "aggregate") return new ReducedPanes(contents);
  const { aggregate } = spec;
  return aggregate instanceof AggregateRecord
    ? new RecordPanes(contents, aggregate)
    : new AccumulatorPanes(contents);
}

/** Reduce functions do not change their operands, so nothing needs a copy. */
class ReducedPanes implements PaneContents {
  readonly #contents: WindowContents;

  constructor(contents: WindowContents) {
    this.#contents = contents;
  }

  stackable(): boolean {
    return true;
  }

  copy(contents: unknown): unknown {
    return contents;
  }

  borrow(contents: unknown): unknown {
    return contents;
  }

  merge(left: unknown, right: unknown): unknown {
    return this.#contents.merge(left, right);
  }
}

/** Records of aggregates never keep or change parts of the right operand. */
class RecordPanes implements PaneContents {
  readonly #contents: WindowContents;
  readonly #numeric: boolean;
  readonly #scratch: number[];

  constructor(contents: WindowContents, record: AggregateRecord<unknown>) {
    this.#contents = contents;
    this.#numeric = record.numeric;
    this.#scratch = record.createAccumulator() as number[];
  }

  stackable(): boolean {
    return this.#numeric;
  }

  copy(contents: unknown): unknown {
    return this.#numeric ? (contents as number[]).slice() : deepCopy(contents);
  }

  borrow(contents: unknown): unknown {
    if (!this.#numeric) return deepCopy(contents);
    const numbers = contents as number[];
    for (let i = 0; i < numbers.length; i++) this.#scratch[i] = numbers[i] as number;
    return this.#scratch;
  }

  merge(left: unknown, right: unknown): unknown {
    return this.#contents.merge(left, right);
  }
}

/** Accumulators of a user's function: `merge` may change or keep either operand. */
class AccumulatorPanes implements PaneContents {
  readonly #contents: WindowContents;
  /** Whether all accumulators so far were flat. */
  #flat: boolean;

  constructor(contents: WindowContents) {
    this.#contents = contents;
    this.#flat = true;
  }

  stackable(contents: unknown): boolean {
    if (this.#flat && !isFlat(contents)) this.#flat = false;
    return this.#flat;
  }

  copy(contents: unknown): unknown {
    return this.stackable(contents) ? flatCopy(contents) : deepCopy(contents);
  }

  borrow(contents: unknown): unknown {
    return this.copy(contents);
  }

  merge(left: unknown, right: unknown): unknown {
    return this.#contents.merge(left, this.copy(right));
  }
}

/** A primitive, or a small array or plain object of primitives. */
function isFlat(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Array.prototype && prototype !== Object.prototype) return false;
  let entries = 0;
  for (const name in value) {
    const entry = (value as Record<string, unknown>)[name];
    if (typeof entry === "object" && entry !== null) return false;
    if (++entries > FLAT_ENTRIES_MAX) return false;
  }
  return true;
}

function flatCopy(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Array.isArray(value) ? value.slice() : { ...value };
}
