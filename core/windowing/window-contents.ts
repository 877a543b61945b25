// oxlint-disable typescript/no-explicit-any -- contents are opaque here; the fluent API checks their types
import { JobError, show } from "../errors.ts";
import { deepFreeze, roundTrip } from "../record/index.ts";
import type { AggregateFunction, ReduceFunction } from "../state/index.ts";
import type { WindowFunctionSpec } from "./window-spec.ts";

/**
 * What a window keeps of its elements: a reduced value, an accumulator, or all elements. One small
 * class per kind, so that an operator's call has three targets at most.
 */
export interface WindowContents {
  /** The contents with one more element; `undefined` stands for a window without elements. */
  add(contents: unknown, element: unknown): unknown;
  /** Two windows' contents in one; may change and return `left`, never changes `right`. */
  merge(left: unknown, right: unknown): unknown;
  /** What the window function gets. `kept`: the window lives on, so nothing of it may leave. */
  result(contents: unknown, kept: boolean): unknown;
}

/** `strict`: what goes into state passes the codec, and reduced values come out frozen (decision p). */
export function windowContents(spec: WindowFunctionSpec, strict: boolean): WindowContents {
  switch (spec.kind) {
    case "reduce": {
      const reduced = new ReducedContents(spec.reduce);
      return strict ? new StrictContents(reduced, true) : reduced;
    }
    case "aggregate": {
      const aggregated = new AggregatedContents(spec.aggregate);
      return strict ? new StrictContents(aggregated, false) : aggregated;
    }
    case "process":
      return strict ? new StrictListedContents() : new ListedContents();
  }
}

class ReducedContents implements WindowContents {
  readonly #reduce: ReduceFunction<any>;

  constructor(reduce: ReduceFunction<any>) {
    this.#reduce = reduce;
  }

  add(contents: unknown, element: unknown): unknown {
    return contents === undefined ? element : this.merge(contents, element);
  }

  merge(left: unknown, right: unknown): unknown {
    const reduced: unknown = this.#reduce(left, right);
    if (reduced === undefined) throw noValue("reduce", reduced);
    return reduced;
  }

  result(contents: unknown): unknown {
    return contents;
  }
}

class AggregatedContents implements WindowContents {
  readonly #aggregate: AggregateFunction<any, any, any>;

  constructor(aggregate: AggregateFunction<any, any, any>) {
    this.#aggregate = aggregate;
  }

  add(contents: unknown, element: unknown): unknown {
    const aggregate = this.#aggregate;
    const accumulator: unknown = aggregate.add(
      element,
      contents === undefined ? aggregate.createAccumulator() : contents,
    );
    if (accumulator === undefined) throw noValue("the aggregate's add", accumulator);
    return accumulator;
  }

  /** Plans refuse windows that need `merge` from a function without it. */
  merge(left: unknown, right: unknown): unknown {
    const merged: unknown = this.#aggregate.merge?.(left, right);
    if (merged === undefined) throw noValue("the aggregate's merge", merged);
    return merged;
  }

  result(contents: unknown): unknown {
    return this.#aggregate.getResult(contents);
  }
}

class ListedContents implements WindowContents {
  add(contents: unknown, element: unknown): unknown {
    if (contents === undefined) return [element];
    const elements = contents as unknown[];
    elements.push(element);
    return elements;
  }

  merge(left: unknown, right: unknown): unknown {
    const elements = left as unknown[];
    for (const element of right as unknown[]) elements.push(element);
    return elements;
  }

  result(contents: unknown, kept: boolean): unknown {
    return kept ? (contents as unknown[]).slice() : contents;
  }
}

class StrictListedContents extends ListedContents {
  override add(contents: unknown, element: unknown): unknown {
    return super.add(contents, roundTrip(element));
  }
}

class StrictContents implements WindowContents {
  readonly #inner: WindowContents;
  readonly #freezes: boolean;

  constructor(inner: WindowContents, freezes: boolean) {
    this.#inner = inner;
    this.#freezes = freezes;
  }

  add(contents: unknown, element: unknown): unknown {
    return this.#stored(this.#inner.add(contents, element));
  }

  merge(left: unknown, right: unknown): unknown {
    return this.#stored(this.#inner.merge(left, right));
  }

  result(contents: unknown, kept: boolean): unknown {
    return this.#inner.result(contents, kept);
  }

  #stored(contents: unknown): unknown {
    const stored = roundTrip(contents);
    return this.#freezes ? deepFreeze(stored) : stored;
  }
}

function noValue(where: string, got: unknown): JobError {
  return new JobError(`${where} of a window returned no value (got ${show(got)})`, {
    code: "JOB_WINDOW_NO_VALUE",
    hint: `return the value (null is one) from ${where}, and do not make it async`,
  });
}
