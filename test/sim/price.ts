import type { Usage } from "./usage.ts";

/** USD per unit, us-east-1. */
const prices = {
  fifo: 0.5e-6,
  standard: 0.4e-6,
  write: 0.625e-6,
  read: 0.125e-6,
  objectPut: 5e-6,
  objectGet: 0.4e-6,
  invocation: 0.2e-6,
  gigabyteSecond: 0.000_013_333_4,
} as const;

/** What a run would have cost, by what is billed. */
export interface Price {
  readonly queues: number;
  readonly ledger: number;
  readonly objects: number;
  readonly functions: number;
  readonly total: number;
}

/** The price of a run in USD, for functions with so much memory. */
export function priceOf(
  { calls, mapping, invocations, invocationMs }: Usage,
  gigabytes: number,
): Price {
  const units = (...kinds: readonly (keyof typeof calls)[]): number =>
    kinds.reduce((sum, kind) => sum + calls[kind].units, 0);
  const fifo = units("queue.send", "queue.receive", "queue.delete", "queue.visibility");
  const queues =
    prices.fifo * (fifo + mapping.units) +
    prices.standard * units("delay.send", "delay.receive", "delay.delete");
  const ledger =
    prices.write * units("ledger.append", "ledger.trim", "record.put", "set.add", "set.drop") +
    prices.read * units("ledger.read", "ledger.newest", "record.get", "set.members");
  const objects =
    prices.objectPut * units("blob.put", "blob.list") + prices.objectGet * units("blob.get");
  const functions =
    prices.invocation * invocations + prices.gigabyteSecond * gigabytes * (invocationMs / 1_000);
  return { queues, ledger, objects, functions, total: queues + ledger + objects + functions };
}
