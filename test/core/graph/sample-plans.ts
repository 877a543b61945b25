import type { StateDescriptor } from "../../../core/state/index.ts";
import type { Program } from "../../../core/runtime/program.ts";
import { Topology, operatorImplementation } from "./topology.ts";

/** A job with everything that a plan can hold: keys, windows, side outputs, broadcast, dead letters. */
export function richProgram(): Program {
  const t = new Topology();
  const flights = t.source("flights", { uid: "flights" });
  const rules = t.source("rules", { replayable: false, parallelism: 1 });
  const parse = t.operator("map", flights, { name: "parse", bufferTimeoutMs: 0 });
  const sum: StateDescriptor = { kind: "value", name: "sum", ttl: { days: 1 } };
  const hourly = t.operator(
    "window",
    [
      t.from(parse, { partitioning: "hash" }),
      t.from(rules, { partitioning: "broadcast", input: 1 }),
    ],
    {
      name: "hourly",
      keyed: true,
      implementation: { ...operatorImplementation(), states: [sum] },
      config: { assigner: "tumbling(1h)" },
      watermarkSteps: { kind: "steps", steps: [{ periodMs: 3_600_000, offsetMs: -1 }] },
    },
  );
  t.sink(hourly, { name: "files", guarantee: "exactly-once" });
  t.sink([t.from(hourly, { sideOutput: "late" })], { uid: "late", guarantee: "at-least-once" });
  t.sink(parse, { name: "copy", uid: "copy", guarantee: "exactly-once" });
  const letters = t.sink([], { name: "letters", uid: "letters" });
  return t.program({ parallelism: 2 }, letters);
}

/** source -> map -> sink, all chained. */
export function smallProgram(): Program {
  const t = new Topology();
  t.sink(t.operator("map", t.source("numbers")));
  return t.program();
}
