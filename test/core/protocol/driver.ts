import { buildJob } from "../../../core/api/build-job.ts";
import type { Job } from "../../../core/api/define-job.ts";
import type { ParamDeclarations } from "../../../core/api/param.ts";
import {
  type FifoMessage,
  type Ledger,
  type MetricReporter,
  unbounded,
} from "../../../core/ports/index.ts";
import { addressName } from "../../../core/protocol/address.ts";
import {
  type MessageBody,
  decodeMessage,
  readBody,
  readElement,
} from "../../../core/protocol/message.ts";
import type { FunctionPorts } from "../../../core/protocol/function.ts";
import { JobControl } from "../../../core/protocol/job-control.ts";
import { JobFunctions, type JobFunctionsOptions } from "../../../core/protocol/job-functions.ts";
import { JobTopology } from "../../../core/protocol/job-topology.ts";
import { WakeUpForwarder } from "../../../core/protocol/wake-up.ts";
import { MemoryBlobStore } from "../../../infra/memory/memory-blob-store.ts";
import { MemoryDelayQueue } from "../../../infra/memory/memory-delay-queue.ts";
import { MemoryFifoQueues } from "../../../infra/memory/memory-fifo-queues.ts";
import { MemoryLedger } from "../../../infra/memory/memory-ledger.ts";
import { MemoryNumberSets } from "../../../infra/memory/memory-number-sets.ts";
import { MemoryRecordStore } from "../../../infra/memory/memory-record-store.ts";

const VISIBILITY_MS = 30_000;

function itemsOf(body: MessageBody): string {
  if (body.kind === "ref") return "large";
  return readBody(body.bytes)
    .map((item) => {
      if (item.kind === "control") return item.control.kind;
      const element = readElement(item.bytes);
      return element.kind === "records"
        ? `${element.values.length} records`
        : JSON.stringify(element);
    })
    .join(",");
}

function counted(ledger: MemoryLedger, onAppend: () => void): Ledger {
  return {
    append: async (partition, version, item) => {
      const result = await ledger.append(partition, version, item);
      if (result.appended) onAppend();
      return result;
    },
    read: (partition, from) => ledger.read(partition, from),
    newest: (partition) => ledger.newest(partition),
    trim: (partition, versions) => ledger.trim(partition, versions),
  };
}

export interface Driver {
  readonly ports: FunctionPorts & {
    readonly queues: MemoryFifoQueues;
    readonly sets: MemoryNumberSets;
  };
  readonly clock: { nowMs: number; now(): number };
  readonly errors: unknown[];
  readonly lines: string[];
  readonly topology: JobTopology;
  control(topology?: JobTopology): JobControl;
  /** Delivers until nothing is left, moving the clock to what comes next. */
  run(options?: {
    readonly untilMs?: number;
    readonly fresh?: boolean;
    /** Stops after about so many invocations. */
    readonly invocations?: number;
    readonly while?: () => boolean;
  }): Promise<void>;
  use(job: Job<ParamDeclarations>, set?: Record<string, string>): void;
  readonly invocations: number;
  /** Entries of all ledgers so far. */
  turns(): number;
}

/** A job's functions over memory adapters, without faults: one delivery after the other. */
export function driver(
  job: Job<never> | Job<ParamDeclarations>,
  options: Partial<JobFunctionsOptions> & {
    readonly set?: Record<string, string>;
    readonly rounds?: number;
    /** Warm ones that take turns; one by default. */
    readonly containers?: number;
    readonly metrics?: MetricReporter;
  } = {},
): Driver {
  const clock = {
    nowMs: 1_000_000,
    now(): number {
      return this.nowMs;
    },
  };
  let seed = 1;
  const random = {
    next(): number {
      seed = (seed * 16807) % 2147483647;
      return seed / 2147483647;
    },
  };
  let appends = 0;
  const ports = {
    clock,
    random,
    queues: new MemoryFifoQueues(clock),
    delays: new MemoryDelayQueue(clock),
    ledger: counted(new MemoryLedger(), () => (appends += 1)),
    records: new MemoryRecordStore(),
    sets: new MemoryNumberSets(),
    blobs: new MemoryBlobStore(),
    ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
  };
  const errors: unknown[] = [];
  const lines: string[] = [];
  let invocations = 0;
  const build = (which: unknown, set: Record<string, string>): JobTopology =>
    new JobTopology(buildJob(which as Job<ParamDeclarations>, { set }).program);
  let topology = build(job, options.set ?? {});
  const makeFunctions = (): JobFunctions =>
    new JobFunctions({
      topology,
      ports,
      codeHash: "test",
      print: (line) => lines.push(line),
      onError: (error) => errors.push(error),
      ...options,
    });
  const makeContainers = (): JobFunctions[] =>
    Array.from({ length: options.containers ?? 1 }, makeFunctions);
  let containers = makeContainers();
  const timer = new WakeUpForwarder(ports);

  async function deliver(fresh: boolean): Promise<boolean> {
    let any = false;
    for (const queue of ports.queues.queues()) {
      const messages = await ports.queues.receive(queue, { max: 10, visibilityMs: VISIBILITY_MS });
      if (messages.length === 0) continue;
      any = true;
      invocations += 1;
      if (fresh) containers = makeContainers();
      const { failed } = await (containers[invocations % containers.length] as JobFunctions)
        .queueFunction(queue)
        .handle({ queue, messages }, clock.now() + 20_000);
      if (process.env["MILLRACE_TRACE"] === "1") trace(queue, messages, failed);
      const done = messages.filter(({ messageId }) => !failed.includes(messageId));
      await ports.queues.delete(
        queue,
        done.map(({ receipt }) => receipt),
      );
    }
    const wakes = await ports.delays.receive({ max: 10, visibilityMs: VISIBILITY_MS });
    if (wakes.length > 0) {
      any = true;
      const { failed } = await timer.handle(wakes, clock.now() + 20_000);
      const done = wakes.filter(({ messageId }) => !failed.includes(messageId));
      await ports.delays.delete(done.map(({ receipt }) => receipt));
    }
    return any;
  }

  function trace(queue: string, messages: readonly FifoMessage[], failed: readonly string[]): void {
    const shown = messages.map(({ body, messageId, group }) => {
      const { content } = decodeMessage(body);
      const what =
        content.kind === "channel"
          ? `${addressName(content.from)}#${content.sequence} ${itemsOf(content.body)}`
          : JSON.stringify(content);
      return `${group} ${what}${failed.includes(messageId) ? " BACK" : ""}`;
    });
    console.log(
      clock.nowMs - 1_000_000,
      queue,
      shown.join(" | "),
      errors.splice(0).map(String).join(),
    );
  }

  function next(): number | null {
    const times = ports.queues.queues().map((queue) => ports.queues.nextVisibleAt(queue));
    times.push(ports.delays.nextVisibleAt());
    const due = times.filter((time) => time !== null);
    return due.length === 0 ? null : Math.min(...due);
  }

  return {
    ports,
    clock,
    errors,
    lines,
    get topology() {
      return topology;
    },
    get invocations() {
      return invocations;
    },
    control: (of = topology) =>
      new JobControl(
        { topology: of, ports, codeHash: "test", notice: (line) => lines.push(line) },
        unbounded,
      ),
    use(which, set = {}) {
      topology = build(which, set);
      containers = makeContainers();
    },
    turns: () => appends,
    async run({
      untilMs = clock.now() + 86_400_000,
      fresh = false,
      invocations: most,
      while: goesOn,
    } = {}) {
      const end = most === undefined ? Infinity : invocations + most;
      for (let rounds = 0; rounds < (options.rounds ?? 100_000); rounds += 1) {
        if (invocations >= end || goesOn?.() === false) return;
        if (await deliver(fresh)) continue;
        const at = next();
        if (at === null || at > untilMs) return;
        clock.nowMs = Math.max(clock.nowMs + 1, at);
      }
      throw new Error("the job does not come to rest");
    },
  };
}
