import type { Counter } from "../ports/index.ts";
import type { MetricRegistry } from "../runtime/metric-registry.ts";
import { COORDINATOR } from "./address.ts";

/** Checkpoints and savepoints that the coordinator's turns saw end, under Flink's names. */
export class CheckpointMetrics {
  readonly #completed: Counter;
  readonly #failed: Counter;
  /** Not finite, so not reported, until one has completed before this copy's eyes. */
  #lastDurationMs = Number.NaN;

  constructor(metrics: MetricRegistry) {
    const group = metrics.addGroup(COORDINATOR.vertex).addGroup(String(COORDINATOR.subtask));
    this.#completed = group.counter("numberOfCompletedCheckpoints");
    this.#failed = group.counter("numberOfFailedCheckpoints");
    group.gauge("lastCheckpointDuration", () => this.#lastDurationMs);
  }

  completed(durationMs: number): void {
    this.#completed.inc();
    this.#lastDurationMs = durationMs;
  }

  failed(): void {
    this.#failed.inc();
  }
}
