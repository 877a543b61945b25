import { limits } from "../limits.ts";
import type { RecordBatch } from "../record/element.ts";
import { ByteWriter, fromBytes, toBytes } from "../record/index.ts";
import { encodeElement } from "../record/element-codec.ts";
import type { MetricRegistry } from "../runtime/metric-registry.ts";
import type { StagingSinkOperator } from "../runtime/staging-sink-operator.ts";
import type { Address } from "./address.ts";
import { broken } from "./canaries.ts";
import type { Effect } from "./outbox.ts";
import { type SectionChange, type Sections, clearSection } from "./sections.ts";
import type { SinkOutputs } from "./sink-outputs.ts";

/** How many committables an epoch has, for names that count. */
interface EpochCount {
  readonly checkpoint: number;
  readonly committables: number;
}

interface StagedSink {
  readonly operator: StagingSinkOperator;
  batches: Uint8Array[];
  bytes: number;
  count: EpochCount;
}

/**
 * The output of a task's sinks between the turns that make it and the world (P8).
 *
 *   SO1  a record of a two-phase sink is staged in the entry of the turn that made it; at a cut, or
 *        when much is staged, a writer makes it durable under names of its own, and the entry of
 *        that turn lists the committables
 *   SO2  what no entry lists is never published
 *   SO3  the output of other sinks is an effect of its turn
 */
export class StagedOutput {
  readonly #sinks: readonly StagedSink[];
  readonly #outputs: SinkOutputs;
  readonly #address: Address;
  readonly #metrics: MetricRegistry;

  constructor(
    operators: readonly StagingSinkOperator[],
    outputs: SinkOutputs,
    address: Address,
    sections: Sections,
    metrics: MetricRegistry,
  ) {
    this.#outputs = outputs;
    this.#address = address;
    this.#metrics = metrics;
    this.#sinks = operators.map((operator) => {
      const batches = [...sections.list(stagedSection(operator.uid))];
      const stored = sections.single(countSection(operator.uid));
      const [checkpoint, committables] =
        stored === null ? [0, 0] : (fromBytes(stored) as readonly [number, number]);
      return {
        operator,
        batches,
        bytes: batches.reduce((sum, { length }) => sum + length, 0),
        count: { checkpoint, committables },
      };
    });
  }

  /** Takes the records of a turn: staged, or effects. */
  collect(changes: SectionChange[], effects: Effect[]): void {
    for (const sink of this.#sinks) {
      const batch = sink.operator.take();
      if (batch === null) continue;
      const { uid } = sink.operator;
      const bytes = encodeBatch(batch);
      const kind = this.#outputs.kind(uid);
      if (kind === "two-phase") {
        sink.batches.push(bytes);
        sink.bytes += bytes.length;
        changes.push({ name: stagedSection(uid), mode: "append", bytes });
      } else {
        effects.push({ kind: kind === "write-ahead" ? "apply" : "write", uid, records: bytes });
      }
    }
  }

  /** Makes staged records durable: all of them at a cut, else where there are many. */
  async preCommit(
    commitId: string,
    cut: number,
    lastCheckpoint: number,
    changes: SectionChange[],
    effects: Effect[],
  ): Promise<void> {
    for (const sink of this.#sinks) {
      if (sink.batches.length === 0) continue;
      if (cut === 0 && sink.bytes < limits.stagedBytesMax) continue;
      const checkpoint = cut === 0 ? lastCheckpoint + 1 : cut;
      const { uid } = sink.operator;
      const { count } = sink;
      const firstIndex = count.checkpoint === checkpoint ? count.committables : 0;
      const committables = await this.#outputs.preCommit({
        uid,
        address: this.#address,
        batches: sink.batches,
        writerId: commitId,
        checkpoint,
        firstIndex,
        lastCheckpoint,
        metrics: this.#metrics,
      });
      if (broken("publish-before-commit")) await this.#outputs.publish(uid, committables);
      if (broken("commit-at-barrier")) effects.push({ kind: "publish", uid, committables });
      sink.operator.preCommit(checkpoint, committables);
      sink.batches = [];
      sink.bytes = 0;
      sink.count = { checkpoint, committables: firstIndex + committables.length };
      changes.push(clearSection(stagedSection(uid)));
      changes.push({
        name: countSection(uid),
        mode: "replace",
        bytes: toBytes([sink.count.checkpoint, sink.count.committables]),
      });
    }
  }

  /** Everything up to a completed checkpoint, as effects (semantics 24). */
  publish(checkpoint: number, effects: Effect[]): void {
    for (const { operator } of this.#sinks) {
      const due = operator.takeDue(checkpoint);
      const wanted = broken("notify-only-equal")
        ? due.filter((epoch) => epoch.checkpoint === checkpoint)
        : due;
      const committables = wanted.flatMap((epoch) => epoch.committables);
      if (committables.length > 0) {
        effects.push({ kind: "publish", uid: operator.uid, committables });
      }
    }
  }
}

function stagedSection(uid: string): string {
  return `staged:${uid}`;
}

function countSection(uid: string): string {
  return `staged-count:${uid}`;
}

function encodeBatch(batch: RecordBatch): Uint8Array {
  const writer = new ByteWriter(1_024);
  encodeElement(batch, writer);
  return writer.toBytes();
}
