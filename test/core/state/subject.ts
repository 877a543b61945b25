import fc from "fast-check";
import { keyGroup } from "../../../core/record/index.ts";
import type {
  AggregatingState,
  KeyedStateBackend,
  ListState,
  MapState,
  ValueState,
} from "../../../core/state/index.ts";
import {
  StateScope,
  aggregatingState,
  listState,
  mapState,
  valueState,
} from "../../../core/state/index.ts";
import { TimerService, type TimerTarget } from "../../../core/time/index.ts";
import { TestClock, testBackend } from "./harness.ts";

export type TestNamespace = string | number | null;

/** What is done to keyed state; `on` says to which namespace and key. */
export type Operation =
  | { readonly kind: "value"; readonly value: number | string | null }
  | { readonly kind: "append"; readonly value: number }
  | { readonly kind: "clear-list" }
  | { readonly kind: "put"; readonly field: string; readonly value: number | null }
  | { readonly kind: "remove"; readonly field: string }
  | { readonly kind: "accumulate"; readonly value: number }
  | { readonly kind: "timer"; readonly time: number }
  | { readonly kind: "delete-timer"; readonly time: number }
  | { readonly kind: "namespace-timer"; readonly time: number }
  | { readonly kind: "delete-namespace-timer"; readonly time: number }
  | { readonly kind: "remove-key" }
  | { readonly kind: "drop" };

export interface Step {
  readonly namespace: TestNamespace;
  readonly key: string | number;
  readonly operation: Operation;
}

const time = fc.integer({ min: 0, max: 9 });
const field = fc.constantFrom("a", "b", "c");
const number = fc.integer({ min: 0, max: 99 });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constant("value"), value: fc.oneof(number, fc.constant(null), field) }),
  fc.record({ kind: fc.constant("append"), value: number }),
  fc.record({ kind: fc.constant("clear-list") }),
  fc.record({ kind: fc.constant("put"), field, value: fc.oneof(number, fc.constant(null)) }),
  fc.record({ kind: fc.constant("remove"), field }),
  fc.record({ kind: fc.constant("accumulate"), value: number }),
  fc.record({ kind: fc.constant("timer"), time }),
  fc.record({ kind: fc.constant("delete-timer"), time }),
  fc.record({ kind: fc.constant("namespace-timer"), time }),
  fc.record({ kind: fc.constant("delete-namespace-timer"), time }),
  fc.record({ kind: fc.constant("remove-key") }),
  fc.record({ kind: fc.constant("drop") }),
) as fc.Arbitrary<Operation>; // each record's `kind` is a constant of the union

/** Few keys and namespaces, so that steps meet. */
export const step: fc.Arbitrary<Step> = fc.record({
  namespace: fc.constantFrom<TestNamespace>(null, null, "w", 7),
  key: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom("x", "0")),
  operation,
});

/** State of one key, as plain data. */
interface Row {
  value?: number | string;
  list?: number[];
  map?: Record<string, number | null>;
  sum?: number;
  timers?: number[];
}

/** What a subject or the model holds, sorted, for comparison. */
export interface Contents {
  readonly rows: Record<string, Row>;
  readonly namespaceTimers: string[];
}

/** The naive model: Maps and Sets all the way. */
export class Model {
  readonly #rows = new Map<string, Row>();
  readonly #timers = new Set<string>();

  apply({ namespace, key, operation: done }: Step): void {
    const name = rowName(namespace, key);
    if (done.kind === "drop") this.#drop(namespace);
    else if (done.kind === "namespace-timer") this.#timers.add(timerName(namespace, done.time));
    else if (done.kind === "delete-namespace-timer") {
      this.#timers.delete(timerName(namespace, done.time));
    } else if (done.kind === "remove-key") this.#rows.delete(name);
    else {
      const row = changed(this.#rows.get(name) ?? {}, done);
      if (Object.keys(row).length === 0) this.#rows.delete(name);
      else this.#rows.set(name, row);
    }
  }

  contents(): Contents {
    return {
      rows: Object.fromEntries([...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1))),
      namespaceTimers: [...this.#timers].sort(),
    };
  }

  #drop(namespace: TestNamespace): void {
    if (namespace === null) return;
    for (const name of this.#rows.keys()) {
      if (name.startsWith(`${JSON.stringify(namespace)} `)) this.#rows.delete(name);
    }
  }
}

function changed(old: Row, done: Operation): Row {
  const row = { ...old };
  if (done.kind === "value") {
    delete row.value;
    if (done.value !== null) row.value = done.value;
  } else if (done.kind === "append") row.list = [...(row.list ?? []), done.value];
  else if (done.kind === "clear-list") delete row.list;
  else if (done.kind === "put") row.map = { ...row.map, [done.field]: done.value };
  else if (done.kind === "remove") {
    const { [done.field]: _removed, ...rest } = row.map ?? {};
    delete row.map;
    if (Object.keys(rest).length > 0) row.map = rest;
  } else if (done.kind === "accumulate") row.sum = (row.sum ?? 0) + done.value;
  else if (done.kind === "timer") {
    row.timers = [...new Set([...(row.timers ?? []), done.time])].sort((a, b) => a - b);
  } else if (done.kind === "delete-timer") {
    const left = (row.timers ?? []).filter((each) => each !== done.time);
    delete row.timers;
    if (left.length > 0) row.timers = left;
  }
  return row;
}

export function rowName(namespace: TestNamespace, key: string | number): string {
  return `${JSON.stringify(namespace)} ${JSON.stringify(key)}`;
}

function timerName(namespace: TestNamespace, at: number): string {
  return `${JSON.stringify(namespace ?? "none")} ${at}`;
}

interface Accumulator {
  sum: number;
}

/** A backend with one state of each kind and timers. */
export class Subject {
  readonly backend: KeyedStateBackend;
  readonly timers: TimerService;
  readonly fired: string[] = [];
  readonly #maxParallelism: number;
  readonly #groups: { readonly first: number; readonly last: number };
  readonly #scope: StateScope;
  readonly #value: ValueState<number | string>;
  readonly #list: ListState<number>;
  readonly #map: MapState<string, number | null>;
  readonly #sum: AggregatingState<number, number>;

  /** `before`: a subject that is used no more; this one goes on with its tables and `segments`. */
  constructor(
    options: {
      readonly first?: number;
      readonly last?: number;
      readonly files?: readonly Uint8Array[][];
      readonly before?: Subject;
      readonly segments?: readonly Uint8Array[];
    } = {},
  ) {
    this.#maxParallelism = 128;
    this.#groups = { first: options.first ?? 0, last: options.last ?? 127 };
    const groups = { firstKeyGroup: this.#groups.first, lastKeyGroup: this.#groups.last };
    const { before } = options;
    this.backend = testBackend(groups, before?.backend.tables);
    const timers = before === undefined ? null : this.#service(before.timers);
    if (before !== undefined) this.backend.catchUp(options.segments ?? []);
    for (const files of options.files ?? []) this.backend.restore(files);
    this.#scope = new StateScope(this.backend.keyed);
    this.#value = this.backend.valueState(valueState("value"), this.#scope);
    this.#list = this.backend.listState(listState("list"), this.#scope);
    this.#map = this.backend.mapState(mapState("map"), this.#scope);
    this.#sum = this.backend.aggregatingState(summed(), this.#scope);
    this.timers = timers ?? this.#service(null);
  }

  owns(key: string | number): boolean {
    const group = keyGroup(key, this.#maxParallelism);
    return group >= this.#groups.first && group <= this.#groups.last;
  }

  apply({ namespace, key, operation: done }: Step): void {
    if (done.kind === "namespace-timer") {
      this.timers.registerNamespaceEventTime(namespace ?? "none", done.time);
    } else if (done.kind === "delete-namespace-timer") {
      this.timers.deleteNamespaceEventTime(namespace ?? "none", done.time);
    } else if (done.kind === "drop") {
      if (namespace !== null) this.backend.dropNamespace(namespace);
    } else if (this.owns(key)) this.#applyToKey(namespace, key, done);
  }

  contents(): Contents {
    const rows: [string, Row][] = [];
    for (const table of this.backend.tables.all()) {
      for (const slot of table.liveSlots()) {
        const key = table.identity(slot) as string | number;
        rows.push([rowName(table.namespace, key), this.#row(table.namespace, key)]);
      }
    }
    const timers = this.backend.tables.timers[0].entries();
    return {
      rows: Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1))),
      namespaceTimers: timers.map(([namespace, at]) => timerName(namespace, at)).sort(),
    };
  }

  #applyToKey(namespace: TestNamespace, key: string | number, done: Operation): void {
    this.backend.setCurrentKey(key);
    const table = namespace === null ? this.backend.keyed : this.backend.namespace(namespace);
    this.#scope.enter(table, key);
    if (done.kind === "value") this.#value.update(done.value);
    else if (done.kind === "append") this.#list.add(done.value);
    else if (done.kind === "clear-list") this.#list.clear();
    else if (done.kind === "put") this.#map.put(done.field, done.value);
    else if (done.kind === "remove") this.#map.remove(done.field);
    else if (done.kind === "accumulate") this.#sum.add(done.value);
    else if (done.kind === "timer") this.timers.registerEventTime(this.#scope, done.time);
    else if (done.kind === "delete-timer") this.timers.deleteEventTime(this.#scope, done.time);
    else if (done.kind === "remove-key") {
      const slot = table.find(key);
      if (slot >= 0) table.removeKey(slot);
    }
  }

  #row(namespace: TestNamespace, key: string | number): Row {
    const table = namespace === null ? this.backend.keyed : this.backend.namespace(namespace);
    this.#scope.enter(table, key);
    const row: Row = {};
    const value = this.#value.value();
    if (value !== null) row.value = value;
    if (this.#list.get().length > 0) row.list = [...this.#list.get()];
    if (!this.#map.isEmpty()) row.map = Object.fromEntries(this.#map.entries());
    const sum = this.#sum.get();
    if (sum !== null) row.sum = sum;
    const column = this.backend.tables.findTimerColumn(0);
    const due = column < 0 ? undefined : table.peek(column, table.find(key));
    if (due !== undefined) row.timers = [due].flat() as number[];
    return row;
  }

  #service(before: TimerService | null): TimerService {
    const target: TimerTarget = {
      onEventTime: (at, scope) => {
        this.fired.push(`${at} ${rowName(scope.table.namespace, scope.identity as string)}`);
      },
      onProcessingTime: () => {},
      onNamespaceEventTime: (at, namespace) => {
        this.fired.push(`${at} all of ${JSON.stringify(namespace)}`);
      },
      onNamespaceProcessingTime: () => {},
    };
    return new TimerService(this.backend, new TestClock(), target, before);
  }
}

/** A sum whose accumulator is changed in place, as users may. */
function summed(): ReturnType<typeof aggregatingState<number, Accumulator, number>> {
  return aggregatingState<number, Accumulator, number>("sum", {
    createAccumulator: () => ({ sum: 0 }),
    add: (value, accumulator) => {
      accumulator.sum += value;
      return accumulator;
    },
    getResult: ({ sum }) => sum,
  });
}

/** Everything that several subjects hold together. */
export function together(subjects: readonly Subject[]): Contents {
  const all = subjects.map((subject) => subject.contents());
  const rows = all.flatMap((contents) => Object.entries(contents.rows));
  return {
    rows: Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1))),
    namespaceTimers: [...new Set(all.flatMap(({ namespaceTimers }) => namespaceTimers))].sort(),
  };
}
