import { type CallKind, type HostKind, callKinds } from "./call-kind.ts";

/** Where a kind of fault may strike, how often at most in a drawn plan, and what it is. */
export interface FaultDefinition {
  readonly at: readonly (CallKind | HostKind)[];
  /** The greatest rate that a drawn plan gives it: work still has to get on. */
  readonly rateMax: number;
  readonly what: string;
  /** The share of swarms that have it, if it is not drawn like the others; 0: only by name. */
  readonly share?: number;
}

const reads: readonly CallKind[] = [
  "ledger.read",
  "ledger.newest",
  "record.get",
  "set.members",
  "blob.get",
  "blob.list",
];
const changes: readonly CallKind[] = callKinds.filter((kind) => !reads.includes(kind));

export const faults = {
  // Calls of any port.
  throttle: { at: callKinds, rateMax: 0.1, what: "rejected at once, nothing done" },
  fail: { at: callKinds, rateMax: 0.1, what: "rejected after a while, nothing done" },
  lost: { at: changes, rateMax: 0.1, what: "done, then rejected" },
  slow: { at: callKinds, rateMax: 0.1, what: "takes seconds, before or after it is done" },
  stall: { at: callKinds, rateMax: 0.01, what: "takes longer than the function may run" },
  "crash-before": { at: callKinds, rateMax: 0.02, what: "who calls dies before it is done" },
  "crash-after": { at: callKinds, rateMax: 0.02, what: "who calls dies when it is done" },
  retried: {
    at: ["ledger.append", "record.put", "set.add", "blob.put", "queue.send"],
    rateMax: 0.1,
    what: "done twice, because the client tried again on a lost answer",
  },
  // Queues.
  "partial-send": { at: ["queue.send"], rateMax: 0.1, what: "some entries are not accepted" },
  "double-send": { at: ["queue.send"], rateMax: 0.1, what: "an entry is there twice" },
  swallow: {
    at: ["queue.send"],
    rateMax: 0.1,
    what: "rejected, nothing sent, but the ids are taken as used",
  },
  "delete-lost": { at: ["queue.delete"], rateMax: 0.1, what: "said to be deleted, comes again" },
  "delete-refused": { at: ["queue.delete"], rateMax: 0.1, what: "some are not deleted" },
  "stale-delete": { at: ["stale"], rateMax: 1, what: "receipts of older deliveries delete" },
  "repeat-delivers": { at: ["repeat"], rateMax: 1, what: "an id that was used is delivered" },
  ghost: { at: ["gone"], rateMax: 0.03, what: "a deleted message comes once more" },
  vanish: { at: ["message"], rateMax: 0.01, what: "a message is gone for good", share: 0 },
  lose: {
    at: ["message"],
    rateMax: 0.01,
    what: "a message with data is gone before anybody had it",
    share: 0.05,
  },
  // The ledger and objects.
  "short-page": { at: ["ledger.read"], rateMax: 0.5, what: "a page holds few rows" },
  "torn-read": { at: ["ledger.read"], rateMax: 0.3, what: "rows are read at different instants" },
  "blob-missing": { at: ["blob.get"], rateMax: 0.1, what: "an object is not found for now" },
  // Wake-ups.
  "wake-late": { at: ["delay.send"], rateMax: 0.5, what: "shows up minutes later" },
  "wake-early": { at: ["delay.send"], rateMax: 0.5, what: "shows up seconds early" },
  "wake-double": { at: ["delay.send"], rateMax: 0.3, what: "shows up twice" },
  // Delivery.
  "small-batch": { at: ["poll"], rateMax: 0.8, what: "a poll takes fewer messages" },
  "mixed-batch": { at: ["poll"], rateMax: 1, what: "one invocation gets several groups" },
  "late-poll": { at: ["poll"], rateMax: 0.1, what: "a poll comes seconds or minutes late" },
  "late-start": { at: ["dispatch"], rateMax: 0.03, what: "received, but invoked 10 to 60 s later" },
  "result-lost": { at: ["result"], rateMax: 0.1, what: "done, but all messages come again" },
  "result-partial": { at: ["result"], rateMax: 0.1, what: "only some of the done are deleted" },
  // Invocations and containers.
  expire: { at: ["result"], rateMax: 0.1, what: "visibility ends under its holder" },
  overrun: { at: ["invoke"], rateMax: 0.03, what: "runs on beyond the visibility timeout" },
  zombie: { at: ["invoke"], rateMax: 0.02, what: "times out, goes on minutes or hours later" },
  thaw: { at: ["invoke"], rateMax: 1, what: "calls left behind are made in a later invocation" },
  poison: { at: ["group"], rateMax: 0.01, what: "a group kills its invocation several times" },
  "slow-cpu": { at: ["invoke"], rateMax: 0.1, what: "time passes between any two looks at it" },
  cold: { at: ["invoke"], rateMax: 0.5, what: "a new container, though another is idle" },
  recycle: { at: ["invoke"], rateMax: 0.5, what: "the container ends after the invocation" },
  skew: { at: ["container"], rateMax: 1, what: "the container's clock is off by seconds" },
  // Control actions.
  "actor-crash": { at: ["actor"], rateMax: 0.5, what: "dies at some call, is repeated" },
  "actor-double": { at: ["actor"], rateMax: 0.3, what: "runs twice at a time" },
} as const satisfies Readonly<Record<string, FaultDefinition>>;

export type FaultKind = keyof typeof faults;

export const faultKinds: readonly FaultKind[] = Object.keys(faults) as FaultKind[]; // its keys, as declared

export function definitionOf(kind: FaultKind): FaultDefinition {
  return faults[kind];
}
