import { buildJob } from "../../core/api/build-job.ts";
import { unbounded } from "../../core/ports/index.ts";
import type { FunctionPorts, QueueFunction } from "../../core/protocol/function.ts";
import { JobControl } from "../../core/protocol/job-control.ts";
import { JobFunctions } from "../../core/protocol/job-functions.ts";
import { JobTopology } from "../../core/protocol/job-topology.ts";
import { WakeUpForwarder } from "../../core/protocol/wake-up.ts";
import { fromBytes } from "../../core/record/index.ts";
import type { ContainerCode } from "../../test/sim/container.ts";
import type { Usage } from "../../test/sim/usage.ts";
import { World } from "../../test/sim/world.ts";
import { type HopsOptions, hopsJob } from "./hops-job.ts";
import { Meter, bytesOf, meteredPorts } from "./meter.ts";

export interface HopsRun extends Omit<HopsOptions, "startMs" | "onRecord"> {
  /** Records that the source makes in one turn, about. */
  readonly turnRecords: number;
  /** Every invocation in a container that knows nothing; else any idle one of the function. */
  readonly cold: boolean;
  /** Records a turn until the warm-up is over, to fill the state quickly. */
  readonly warmUpTurnRecords: number;
  readonly warmUpMs: number;
  /** Between the warm-up and what is measured. */
  readonly settleMs: number;
  /** Virtual time that is measured. */
  readonly spanMs: number;
}

export interface HopsUsage {
  /** Records that went in at the source, by the clock of the source's rate, or came to the sink. */
  readonly records: number;
  readonly spanMs: number;
  /** By vertex, the coordinator's under its own name. */
  readonly usages: ReadonlyMap<string, Usage>;
  readonly turns: ReadonlyMap<string, number>;
}

/** The world's clock begins here too; a full hour. */
const START_MS = Date.UTC(2026, 0, 1);
/** Beside the simulator's own latency of 15 to 50 ms: together about 100 ms, as aws.md says. */
const OBJECT_WAIT_MS = 65;
const JOB_STARTS_WITHIN_MS = 600_000;

/** Runs the job of three hops in the simulator's world, without faults, and counts what it uses. */
export async function runHops(options: HopsRun): Promise<HopsUsage> {
  let records = 0;
  const bounds = { recordsMax: options.warmUpTurnRecords, emissionsMax: 256 };
  const job = hopsJob({ ...options, startMs: START_MS, onRecord: () => (records += 1) });
  const topology = new JobTopology(buildJob(job as Parameters<typeof buildJob>[0]).program);
  const meter = new Meter();
  const errors: unknown[] = [];
  const world = new World({
    seed: 1,
    plan: options.cold ? { rates: { cold: 1 } } : { rates: {} },
    traceLines: 1,
    createContainer: (ports) => containerOf(ports),
  });
  const waits = {
    object: () => new Promise<void>((resolve) => world.after(OBJECT_WAIT_MS, resolve)),
  };

  function containerOf(ports: FunctionPorts): ContainerCode {
    const functions = new Map<string, QueueFunction>();
    let through = 0;
    const queueFunction = (queue: string): QueueFunction => {
      const known = functions.get(queue);
      if (known !== undefined) return known;
      const metered = meteredPorts(ports, queue, meter, waits, (bytes) => (through += bytes));
      const inner = new JobFunctions({
        topology,
        ports: metered,
        codeHash: "bench",
        bounds: { ...bounds },
        print: () => undefined,
        onError: (error) => errors.push(error),
      }).queueFunction(queue);
      const made: QueueFunction = {
        handle: async (event, deadlineMs) => {
          const startedAt = ports.clock.now();
          through = bytesOf(event.messages);
          const result = await inner.handle(event, deadlineMs);
          const ms = ports.clock.now() - startedAt;
          meter.delivered(queue, bytesOf(event.messages), ms, through);
          return result;
        },
      };
      functions.set(queue, made);
      return made;
    };
    return { queueFunction, timer: timerOf(ports, meter) };
  }

  const control = new JobControl(
    { topology, ports: world.client("control"), codeHash: "bench", notice: () => undefined },
    unbounded,
  );
  let started = false;
  const starting = control.start({ from: "fresh" }).then(() => (started = true));
  await world.runUntil(() => started, JOB_STARTS_WITHIN_MS);
  await starting;
  await world.run(options.warmUpMs);
  bounds.recordsMax = options.turnRecords;
  if (options.turnRecords !== options.warmUpTurnRecords) world.retireContainers();
  await world.run(options.settleMs);
  meter.reset();
  records = 0;
  await world.run(options.spanMs);
  if (errors.length > 0) throw errors[0];
  const { ratePerSecond, spanMs } = options;
  const nameOf = (queue: string): string => queue.slice(queue.indexOf("/") + 1);
  const usages = new Map([...meter.usages].map(([queue, usage]) => [nameOf(queue), usage]));
  const turns = new Map(
    [...meter.usages.keys()].map((queue) => [nameOf(queue), meter.turns(queue)]),
  );
  const made = ratePerSecond === null ? records : (ratePerSecond * spanMs) / 1_000;
  return { records: made, spanMs, usages, turns };
}

/** The function over the wake-ups: each of its batches is paid by the vertex that it wakes first. */
function timerOf(ports: FunctionPorts, meter: Meter): ContainerCode["timer"] {
  const metered: FunctionPorts = {
    ...ports,
    queues: {
      send: (queue, entries, scope) => {
        meter.sent(queue, entries);
        return ports.queues.send(queue, entries, scope);
      },
      receive: (queue, limits, scope) => ports.queues.receive(queue, limits, scope),
      delete: (queue, receipts, scope) => ports.queues.delete(queue, receipts, scope),
      changeVisibility: (queue, receipts, ms, scope) =>
        ports.queues.changeVisibility(queue, receipts, ms, scope),
    },
  };
  const inner = new WakeUpForwarder(metered);
  return {
    handle: async (messages, deadlineMs) => {
      const startedAt = ports.clock.now();
      const result = await inner.handle(messages, deadlineMs);
      const [first] = messages;
      if (first !== undefined) {
        const [queue] = fromBytes(first.body) as [string]; // what encodeWakeUp wrote
        meter.delivered(queue, 0, ports.clock.now() - startedAt, bytesOf(messages));
      }
      return result;
    },
  };
}
