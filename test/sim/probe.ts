import type { FunctionPorts, QueueEvent } from "../../core/protocol/function.ts";
import { type FifoEntry, type FifoMessage, unbounded } from "../../core/ports/index.ts";
import type { FaultPlan } from "./fault-plan.ts";
import type { Observer } from "./observer.ts";
import { World, type WorldOptions } from "./world.ts";

/** What a function of a probe gets. */
export interface Probe extends QueueEvent {
  readonly ports: FunctionPorts;
  readonly deadlineMs: number;
  /** Numbers the containers in the order in which they were made. */
  readonly container: number;
}

/** Answers with the ids of the messages that failed. */
export type ProbeFunction = (probe: Probe) => Promise<readonly string[]>;

export const PROBE_QUEUE = "probe";

/** What a probe saw of the world. */
export interface ProbeLog {
  /** Bodies per invocation, as they were delivered. */
  readonly delivered: string[];
  readonly deleted: string[];
  readonly appended: string[];
  readonly put: string[];
}

/** A world with one function, for tests of the world itself, and what happened in it. */
export function probeWorld(
  run: ProbeFunction,
  options: Partial<WorldOptions> & { readonly only?: readonly string[] } = {},
): { readonly world: World; readonly log: ProbeLog } {
  const log: ProbeLog = { delivered: [], deleted: [], appended: [], put: [] };
  const { only, ...rest } = options;
  const plan: FaultPlan = only === undefined ? { rates: {} } : { rates: {}, only };
  const observer: Observer = {
    onDeliver: (_queue, messages) => log.delivered.push(textOf(messages)),
    onDelete: (_queue, message) => log.deleted.push(textOf([message])),
    onAppend: (partition, version) => log.appended.push(`${partition}/${version}`),
    onPut: (key) => log.put.push(key),
  };
  let containers = 0;
  const world = new World({
    seed: 7,
    plan,
    observers: [observer],
    ...rest,
    createContainer: (ports) => {
      containers += 1;
      const container = containers;
      return {
        queueFunction: () => ({
          handle: async (event, deadlineMs) => ({
            failed: await run({ ...event, ports, deadlineMs, container }),
          }),
        }),
        timer: { handle: async () => ({ failed: [] }) },
      };
    },
  });
  return { world, log };
}

/** Puts messages like `a1` (group a) into the probe's queue, in one call. */
export async function sendTo(world: World, ...texts: readonly string[]): Promise<void> {
  const sent = world.client("sender").queues.send(PROBE_QUEUE, texts.map(entry), unbounded);
  let done = false;
  sent.finally(() => (done = true)).catch(() => undefined);
  await world.runUntil(() => done, 60_000);
}

/** `a1` as an entry of group a; its de-duplication id is the text. */
export function entry(text: string): FifoEntry {
  return { group: text.slice(0, 1), deduplicationId: text, body: new TextEncoder().encode(text) };
}

export function textOf(messages: readonly Pick<FifoMessage, "body">[]): string {
  return messages.map(({ body }) => new TextDecoder().decode(body)).join(" ");
}

/** Goes on until a promise of simulated code has settled. */
export async function settled<T>(world: World, promise: Promise<T>): Promise<T> {
  let done = false;
  promise.finally(() => (done = true)).catch(() => undefined);
  await world.runUntil(() => done, 3_600_000);
  return promise;
}
