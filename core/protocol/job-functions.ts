import { MillraceError } from "../errors.ts";
import { limits } from "../limits.ts";
import { type FifoMessage, MetricSums } from "../ports/index.ts";
import { MetricRegistry } from "../runtime/metric-registry.ts";
import {
  type Address,
  COORDINATOR_VERTEX,
  addressName,
  parseGroup,
  partitionOf,
  vertexOf,
} from "./address.ts";
import { broken } from "./canaries.ts";
import { CoordinatorFactory } from "./coordinator-factory.ts";
import { Credits } from "./credits.ts";
import { Effects } from "./effects.ts";
import { FailureLog, TaskFailure } from "./failures.ts";
import type { BatchResult, FunctionPorts, QueueEvent, QueueFunction } from "./function.ts";
import { readJobRecord } from "./job-record.ts";
import type { JobSection } from "./job-section.ts";
import type { JobTopology } from "./job-topology.ts";
import { OutboxSender } from "./outbox-sender.ts";
import { SinkOutputs } from "./sink-outputs.ts";
import { SubtaskStore } from "./subtask-store.ts";
import {
  type HandBack,
  type SubtaskParts,
  SubtaskTurns,
  type TurnsResult,
} from "./subtask-turns.ts";
import { TaskUnitFactory, type TurnBounds } from "./task-unit-factory.ts";
import { TurnCommit } from "./turn-commit.ts";
import { TurnMetrics } from "./turn-metrics.ts";
import { TurnToken } from "./turn-token.ts";
import type { UnitFactory } from "./unit.ts";
import { WarmCache } from "./warm-cache.ts";

export interface JobFunctionsOptions {
  readonly topology: JobTopology;
  readonly ports: FunctionPorts;
  readonly codeHash: string;
  /** Messages of a channel that are sent and not consumed (P11). */
  readonly creditsPerChannel?: number;
  /** What the warm copies of a container hold together. */
  readonly warmBytesMax?: number;
  readonly bounds?: TurnBounds;
  /** A turn ends after this many milliseconds. */
  readonly turnMs?: number;
  /** How long ledger entries are kept behind a completed cut: longer than any zombie writes (P6). */
  readonly ledgerKeptMs?: number;
  /**
   * A job with more subtasks acknowledges checkpoints in sets. While old and new code with different
   * answers to that run beside each other, checkpoints time out.
   */
  readonly acknowledgementSetFrom?: number;
  /** Messages that wait for one that is missing; more fail the job (P3.3). */
  readonly reorderMessagesMax?: number;
  readonly print: (line: string) => void;
  /** Who watches how the live tasks are made, or makes others. */
  readonly taskFactory?: (factory: UnitFactory) => UnitFactory;
  /** The job is FAILED: nothing is delivered any more until somebody resumes it. */
  readonly switchOff?: () => Promise<void>;
  /** Every error, for logs and tests. */
  readonly onError?: (error: unknown, at: string) => void;
}

/** How long a message that is handed back is hidden, in milliseconds. */
const HIDDEN_MS = { lostRace: 2_000, creditLeast: 200, creditMost: 6_400, parked: 30_000 };
/** Deliveries after which a group is suspected to kill its function. */
const SUSPICIOUS_RECEIVES = 3;
/** Left of the invocation's time for what comes after the turns. */
const MARGIN_MS = 1_000;

/** Where errors of the metric reporter happen, for `onError`. */
export const AT_METRICS = ":metrics";

/** What becomes of the messages of one group. */
interface GroupOutcome {
  /** How many, from the first, are done. */
  readonly done: number;
  /** For the others; null: the queue's own visibility. */
  readonly hiddenMs: number | null;
}

/**
 * The functions of a job in one container: a queue function for every vertex and the coordinator.
 *
 *   JF1  the groups of a batch are independent: each has its own turns and its own result
 *   JF2  in a mixed batch the messages of a group are deleted when its turns are done, so that
 *        another group cannot undo that (H23); groups that may kill the process come last
 *   JF3  the token of the invocation is cancelled before its result is given (P3.8)
 *   JF4  nothing of another generation changes state: what a sealed ledger gets is dropped, what no
 *        ledger knows is handed back unless its generation is over (L5, H8)
 *   JF5  metrics are reported when everything else of the invocation is done, once at most, and what
 *        becomes of the report changes nothing
 */
export class JobFunctions {
  readonly #options: JobFunctionsOptions;
  readonly #cache: WarmCache;
  readonly #credits: Credits;
  readonly #turns = new Map<string, SubtaskTurns>();
  /** Not reported yet. */
  readonly #metrics = new MetricSums();

  constructor(options: JobFunctionsOptions) {
    this.#options = options;
    this.#cache = new WarmCache(options.warmBytesMax ?? 134_217_728);
    this.#credits = new Credits(
      options.ports,
      options.topology,
      options.creditsPerChannel ?? limits.channelCreditsDefault,
    );
  }

  queueFunction(queue: string): QueueFunction {
    const vertex = vertexOf(this.#options.topology.job, queue);
    return { handle: (event, deadlineMs) => this.#handle(vertex, event, deadlineMs) };
  }

  async #handle(vertex: string, event: QueueEvent, deadlineMs: number): Promise<BatchResult> {
    const token = new TurnToken(this.#options.ports.clock, deadlineMs - MARGIN_MS);
    const groups = byGroup(event.messages);
    const mixed = groups.length > 1;
    const failed: string[] = [];
    const handle = async (messages: readonly FifoMessage[]): Promise<void> => {
      failed.push(...(await this.#group(vertex, event.queue, messages, mixed, token)));
    };
    try {
      const [plain, suspicious] = partition(groups, isSuspicious);
      await Promise.all(plain.map((messages) => handle(messages)));
      for (const messages of this.#shuffled(suspicious)) await handle(messages);
    } finally {
      token.cancel();
      await this.#report(deadlineMs);
    }
    return { failed: broken("mixed-ack") && failed.length < event.messages.length ? [] : failed };
  }

  /** JF5. */
  async #report(deadlineMs: number): Promise<void> {
    const { metrics, clock } = this.#options.ports;
    if (metrics === undefined || this.#metrics.isEmpty) return;
    const report = { timestampMs: clock.now(), groups: this.#metrics.take() };
    const isLive = (): boolean => clock.now() < deadlineMs;
    try {
      await metrics.report(report, { deadlineMs, isLive });
    } catch (error) {
      this.#options.onError?.(error, AT_METRICS);
    }
  }

  /** Resolves with the ids of the messages that come again. */
  async #group(
    vertex: string,
    queue: string,
    messages: readonly FifoMessage[],
    mixed: boolean,
    token: TurnToken,
  ): Promise<readonly string[]> {
    const { queues } = this.#options.ports;
    const { done, hiddenMs } = await this.#outcome(vertex, messages, token);
    const [acknowledged, back] = [messages.slice(0, done), messages.slice(done)];
    try {
      if (mixed && acknowledged.length > 0) {
        await queues.delete(queue, receiptsOf(acknowledged), token);
        token.check();
      }
      if (hiddenMs !== null && back.length > 0) {
        await queues.changeVisibility(queue, receiptsOf(back), hiddenMs, token);
        token.check();
      }
    } catch (error) {
      this.#options.onError?.(error, vertex);
    }
    return back.map(({ messageId }) => messageId);
  }

  async #outcome(
    vertex: string,
    messages: readonly FifoMessage[],
    token: TurnToken,
  ): Promise<GroupOutcome> {
    const { generation, subtask } = parseGroup(messages[0]?.group ?? "");
    const address = { vertex, subtask };
    try {
      const result = await this.#subtask(address, generation).run(messages, token);
      return await this.#after(result, address, messages, generation, token);
    } catch (error) {
      this.#options.onError?.(error, addressName(address));
      if (error instanceof TaskFailure) return this.#failed(address, generation, error, token);
      return { done: 0, hiddenMs: null };
    }
  }

  async #after(
    result: TurnsResult,
    address: Address,
    messages: readonly FifoMessage[],
    generation: number,
    token: TurnToken,
  ): Promise<GroupOutcome> {
    switch (result.kind) {
      case "ran":
        return { done: result.done, hiddenMs: this.#hiddenMs(result.back, messages) };
      case "sealed":
        // P9.8: everything here belongs to the old generation only.
        return { done: messages.length, hiddenMs: null };
      case "missing":
        return this.#withoutLedger(address, messages, generation, token);
    }
  }

  /** H8: only what belongs to a generation that is over, or to no subtask of it, is dropped. */
  async #withoutLedger(
    { vertex, subtask }: Address,
    messages: readonly FifoMessage[],
    generation: number,
    token: TurnToken,
  ): Promise<GroupOutcome> {
    const { ports, topology } = this.#options;
    const current = await readJobRecord(ports.records, topology.job, token);
    token.check();
    const record = current?.record ?? null;
    const isOver = record !== null && generation < record.generation;
    const runs = record !== null && record.phase !== "sealing" && record.phase !== "starting";
    const isForNobody =
      runs &&
      generation === record.generation &&
      vertex !== COORDINATOR_VERTEX &&
      subtask >= (record.parallelism[vertex] ?? 0);
    if (isOver || isForNobody || broken("drop-newer"))
      return { done: messages.length, hiddenMs: null };
    return { done: 0, hiddenMs: HIDDEN_MS.lostRace };
  }

  async #failed(
    address: Address,
    generation: number,
    failure: TaskFailure,
    token: TurnToken,
  ): Promise<GroupOutcome> {
    const { ports, topology, switchOff } = this.#options;
    const { cause } = failure;
    if (cause instanceof MillraceError && cause.retryable) return { done: 0, hiddenMs: null };
    const { restart } = topology.program.settings;
    const log = new FailureLog({ records: ports.records, job: topology.job, generation, restart });
    try {
      const verdict = await log.record(address, failure, token);
      if (verdict.kind === "again") return { done: 0, hiddenMs: verdict.delayMs };
      await switchOff?.();
      return { done: 0, hiddenMs: null };
    } catch (error) {
      this.#options.onError?.(error, addressName(address));
      return { done: 0, hiddenMs: null };
    }
  }

  #hiddenMs(back: HandBack | null, messages: readonly FifoMessage[]): number | null {
    const { random } = this.#options.ports;
    switch (back?.reason) {
      case undefined:
        return null;
      case "time":
        return 0;
      case "lost-race":
        return Math.floor(random.next() * HIDDEN_MS.lostRace);
      case "parked":
        return HIDDEN_MS.parked;
      case "credit": {
        // Longer each time, and not all at once (P11.2).
        const receives = messages[0]?.receiveCount ?? 1;
        const most = Math.min(HIDDEN_MS.creditMost, HIDDEN_MS.creditLeast * 2 ** receives);
        return HIDDEN_MS.creditLeast + Math.floor(random.next() * (most - HIDDEN_MS.creditLeast));
      }
    }
  }

  #subtask(address: Address, generation: number): SubtaskTurns {
    const { topology, ports, codeHash, turnMs, reorderMessagesMax } = this.#options;
    const part = partitionOf(topology.job, generation, address);
    const known = this.#turns.get(part);
    if (known !== undefined) return known;
    const peers = topology.peers(address);
    const parts = new Map<string, SubtaskParts>();
    const metrics = this.#turnMetrics(address);
    const turns = new SubtaskTurns({
      ports,
      topology,
      address,
      generation,
      peers,
      store: new SubtaskStore(ports.ledger, ports.blobs, part),
      commit: new TurnCommit({ ports, codeHash, partition: part, address, peers }),
      credits: this.#credits,
      cache: this.#cache,
      turnMs: turnMs ?? 2_000,
      metrics,
      reorderMessagesMax: reorderMessagesMax ?? limits.reorderMessagesMax,
      parts: (job) => {
        const made = parts.get(job.runId) ?? this.#parts(address, generation, job, metrics);
        parts.set(job.runId, made);
        return made;
      },
    });
    this.#turns.set(part, turns);
    return turns;
  }

  #turnMetrics({ vertex, subtask }: Address): TurnMetrics | null {
    const { ports, topology } = this.#options;
    if (ports.metrics === undefined) return null;
    const scope = { job: topology.job, operator: vertex, subtask };
    return new TurnMetrics(this.#metrics, scope, ports.clock);
  }

  #parts(
    address: Address,
    generation: number,
    { runId }: JobSection,
    metrics: TurnMetrics | null,
  ): SubtaskParts {
    const { topology, ports, codeHash, bounds, print } = this.#options;
    const { taskFactory = (factory) => factory } = this.#options;
    const { clock, random } = ports;
    const from = this.#options.acknowledgementSetFrom ?? limits.acknowledgementSetFrom;
    const usesSets = topology.subtasks.length > from;
    const peers = topology.peers(address);
    const outputs = new SinkOutputs({
      program: topology.program,
      runId,
      generation,
      clock,
      metrics: metrics?.effects ?? new MetricRegistry(),
      print,
    });
    const job = topology.job;
    const store = new SubtaskStore(
      ports.ledger,
      ports.blobs,
      partitionOf(job, generation, address),
    );
    const sender = new OutboxSender({
      store,
      ports,
      topology,
      address,
      generation,
      peers,
      effects: new Effects({
        ports,
        job,
        generation,
        address,
        peers,
        outputs,
        switchOff: async () => this.#options.switchOff?.(),
      }),
    });
    if (address.vertex === COORDINATOR_VERTEX) {
      return {
        sender,
        factory: new CoordinatorFactory({
          topology,
          ports,
          runId,
          generation,
          codeHash,
          ledgerKeptMs: this.#options.ledgerKeptMs ?? limits.ledgerKeptMs,
          usesSets,
        }),
      };
    }
    return {
      sender,
      factory: taskFactory(
        new TaskUnitFactory({
          topology,
          address,
          runId,
          generation,
          clock,
          random,
          outputs,
          bounds: bounds ?? {
            recordsMax: limits.functionRecordsMax,
            emissionsMax: limits.functionEmissionsMax,
          },
          usesSets,
          print,
        }),
      ),
    };
  }

  #shuffled<T>(items: readonly T[]): readonly T[] {
    const { random } = this.#options.ports;
    return items
      .map((item) => ({ item, at: random.next() }))
      .sort((left, right) => left.at - right.at)
      .map(({ item }) => item);
  }
}

function byGroup(messages: readonly FifoMessage[]): readonly (readonly FifoMessage[])[] {
  const groups = new Map<string, FifoMessage[]>();
  for (const message of messages) {
    const group = groups.get(message.group);
    if (group === undefined) groups.set(message.group, [message]);
    else group.push(message);
  }
  return [...groups.values()];
}

function isSuspicious(messages: readonly FifoMessage[]): boolean {
  return messages.some(({ receiveCount }) => receiveCount > SUSPICIOUS_RECEIVES);
}

function partition<T>(
  items: readonly T[],
  second: (item: T) => boolean,
): readonly [readonly T[], readonly T[]] {
  return [items.filter((item) => !second(item)), items.filter(second)];
}

function receiptsOf(messages: readonly FifoMessage[]): readonly string[] {
  return messages.map(({ receipt }) => receipt);
}
