import { assert, assertNever } from "../assert.ts";
import type { Sink, SinkWriterContext } from "../connector/sink.ts";
import type { Clock } from "../ports/index.ts";
import type { RecordBatch } from "../record/element.ts";
import type { MetricRegistry } from "../runtime/metric-registry.ts";
import type { Program } from "../runtime/program.ts";
import type { Address } from "./address.ts";
import { broken } from "./canaries.ts";
import { readElement } from "./message.ts";
import type { Effect } from "./outbox.ts";

/** How a sink's output gets out of a committed turn (P8). */
export type SinkKind = "two-phase" | "write-ahead" | "direct";

export interface SinkOutputsOptions {
  readonly program: Program;
  readonly runId: string;
  readonly generation: number;
  readonly clock: Clock;
  /** What writers count that are no part of a turn. */
  readonly metrics: MetricRegistry;
  readonly print: (line: string) => void;
}

export type SinkEffect = Extract<Effect, { readonly kind: "publish" | "apply" | "write" }>;

/** One materialization of staged records. */
export interface StagedRecords {
  readonly uid: string;
  readonly address: Address;
  readonly batches: readonly Uint8Array[];
  /** As in `SinkWriterContext`: the commit id of the turn. */
  readonly writerId: string;
  readonly checkpoint: number;
  /** As in `SinkWriterContext`. */
  readonly firstIndex: number;
  readonly lastCheckpoint: number;
  /** Of the turn: what it counts does not count if the turn is not committed. */
  readonly metrics: MetricRegistry;
}

/**
 * The sinks of a job as the effects of committed turns. Needs no live task, so that a head's effects
 * can be done again by whoever finds it.
 *
 *   SO1  every effect is idempotent, or its sink promises no more than at-least-once
 *   SO2  a writer lives for one call only: what it pre-commits is all that it knows
 */
export class SinkOutputs {
  readonly #options: SinkOutputsOptions;

  constructor(options: SinkOutputsOptions) {
    this.#options = options;
  }

  kind(uid: string): SinkKind {
    return sinkKind(this.#sink(uid));
  }

  /** Hands staged records to a writer of the sink; resolves with what it pre-committed. */
  async preCommit(staged: StagedRecords): Promise<readonly unknown[]> {
    const { uid, address, batches, checkpoint } = staged;
    const writer = this.#sink(uid).createWriter(this.#writerContext(address, staged));
    try {
      for (const bytes of batches) {
        const { values, timestamps } = batchOf(bytes);
        for (let i = 0; i < values.length; i += 1) writer.write(values[i], timestamps[i] as number);
        await (writer.backlog?.() ?? null);
      }
      await writer.flush?.(false);
      return (await writer.prepareCommit?.(checkpoint)) ?? [];
    } finally {
      await writer.close?.();
    }
  }

  /** The effects that concern a sink, at the version of the entry that holds them. */
  async perform(effect: SinkEffect, address: Address, version: number): Promise<void> {
    switch (effect.kind) {
      case "publish":
        return this.publish(effect.uid, effect.committables);
      case "apply":
        return this.#apply(effect.uid, effect.records, address, version);
      case "write":
        return this.#write(effect.uid, effect.records, address, version);
      default:
        return assertNever(effect);
    }
  }

  async publish(uid: string, committables: readonly unknown[]): Promise<void> {
    const committer = this.#sink(uid).createCommitter?.();
    await committer?.commit(committables);
    await committer?.close?.();
  }

  /** A restore: nothing of older generations may be applied any more (P9.4). */
  async fence(address: Address): Promise<void> {
    const { program, runId, generation } = this.#options;
    const vertex = program.plan.jobGraph.vertices.find(({ id }) => id === address.vertex);
    for (const uid of vertex?.operators ?? []) {
      const implementation = program.implementations.get(uid);
      if (implementation?.kind !== "sink") continue;
      await implementation.sink
        .createApplier?.()
        .fence({ runId, uid, subtask: address.subtask, generation, version: 0 });
    }
  }

  async #apply(uid: string, records: Uint8Array, address: Address, version: number): Promise<void> {
    const applier = this.#sink(uid).createApplier?.();
    assert(applier !== undefined, `sink ${uid} is a write-ahead sink`);
    const { values, timestamps } = batchOf(records);
    const { runId, generation } = this.#options;
    const { subtask } = address;
    const guarded = broken("write-ahead-no-guard") ? Number.MAX_SAFE_INTEGER : version;
    await applier.apply(values, timestamps, {
      runId,
      uid,
      subtask,
      generation,
      version: guarded,
    });
  }

  async #write(uid: string, records: Uint8Array, address: Address, version: number): Promise<void> {
    const { metrics } = this.#options;
    const context = { uid, writerId: `${version}`, firstIndex: 0, lastCheckpoint: 0, metrics };
    const writer = this.#sink(uid).createWriter(this.#writerContext(address, context));
    const { values, timestamps } = batchOf(records);
    for (let i = 0; i < values.length; i += 1) writer.write(values[i], timestamps[i] as number);
    await writer.flush?.(true);
    await writer.close?.();
  }

  #sink(uid: string): Sink<unknown> {
    const implementation = this.#options.program.implementations.get(uid);
    assert(implementation?.kind === "sink", `${uid} is a sink`);
    return implementation.sink;
  }

  #writerContext(
    { vertex, subtask }: Address,
    staged: Pick<StagedRecords, "uid" | "writerId" | "firstIndex" | "lastCheckpoint" | "metrics">,
  ): SinkWriterContext {
    const { program, runId, clock, print } = this.#options;
    const node = program.plan.jobGraph.vertices.find(({ id }) => id === vertex);
    const { uid, writerId, firstIndex, lastCheckpoint, metrics } = staged;
    return {
      uid,
      runId,
      subtask,
      parallelism: node?.parallelism ?? 1,
      lastCheckpoint,
      writerId,
      firstIndex,
      clock,
      metrics: metrics.addGroup(uid).addGroup(String(subtask)),
      print,
    };
  }
}

/** Write-ahead is told first: such a sink may have a committer for hosts without committed turns. */
export function sinkKind(sink: Sink<unknown>): SinkKind {
  if (sink.createApplier !== undefined) return "write-ahead";
  return sink.createCommitter === undefined ? "direct" : "two-phase";
}

function batchOf(bytes: Uint8Array): RecordBatch {
  const element = readElement(bytes);
  assert(element.kind === "records", "staged output is a batch of records");
  return element;
}
