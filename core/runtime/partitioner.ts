import { PlanError } from "../errors.ts";
import type { JobEdge, Partitioning } from "../plan/plan.ts";
import { keyGroupOf, subtaskOfKeyGroup } from "../record/index.ts";
import type { KeySelector } from "./program.ts";

/** Chooses the channel (index into the partition's targets) of a record; null: all of them. */
export type ChannelSelector = ((value: unknown) => number) | null;

export interface PartitionerOptions {
  readonly edge: JobEdge;
  readonly subtask: number;
  /** Number of channels of this sender on the edge. */
  readonly channels: number;
  readonly maxParallelism: number;
  readonly keySelector: KeySelector | null;
  /** 0 <= random < 1, for `shuffle`. */
  readonly random: () => number;
}

/** Flink's partitioners. Rebalance and rescale start at different channels in different subtasks. */
export function channelSelector(options: PartitionerOptions): ChannelSelector {
  const { channels } = options;
  if (options.edge.partitioning === "broadcast") return null;
  if (channels === 1) return always0;
  return selectors[options.edge.partitioning](options);
}

const always0 = (): number => 0;

const selectors: Readonly<
  Record<Partitioning, (options: PartitionerOptions) => (value: unknown) => number>
> = {
  forward: () => always0,
  global: () => always0,
  broadcast: () => always0,
  rebalance: roundRobin,
  rescale: roundRobin,
  shuffle:
    ({ channels, random }) =>
    () =>
      Math.floor(random() * channels),
  hash: byKey,
};

function roundRobin({ channels, subtask }: PartitionerOptions): () => number {
  let next = subtask % channels;
  return () => {
    const channel = next;
    next = channel + 1 === channels ? 0 : channel + 1;
    return channel;
  };
}

function byKey(options: PartitionerOptions): (value: unknown) => number {
  const { channels, maxParallelism, keySelector, edge } = options;
  if (keySelector === null) {
    throw new PlanError(`the hash edge from ${edge.from} to ${edge.to} has no key selector`, {
      code: "PLAN_NO_KEY_SELECTOR",
    });
  }
  const select = keySelector as (value: unknown) => never;
  return (value) =>
    subtaskOfKeyGroup(keyGroupOf(select(value), maxParallelism), channels, maxParallelism);
}
