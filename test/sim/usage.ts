import { type CallKind, callKinds } from "./call-kind.ts";

/** What calls of one kind came to. */
export interface CallUsage {
  calls: number;
  bytes: number;
  /** Billed units: 64 KB chunks (queues), 1 KB written or 4 KB read (ledger), calls (objects). */
  units: number;
}

/** What calls and invocations came to, in what AWS bills. */
export class Usage {
  readonly calls: Readonly<Record<CallKind, CallUsage>> = Object.fromEntries(
    callKinds.map((kind) => [kind, { calls: 0, bytes: 0, units: 0 }]),
  ) as Record<CallKind, CallUsage>; // every kind is there
  /** Of the event source mappings: one receive and one delete per batch. */
  readonly mapping: CallUsage = { calls: 0, bytes: 0, units: 0 };
  invocations = 0;
  invocationMs = 0;

  /** `unitBytes` per unit, at least one unit a call. */
  add(kind: CallKind, bytes: number, unitBytes: number): void {
    const usage = this.calls[kind];
    usage.calls += 1;
    usage.bytes += bytes;
    usage.units += Math.max(1, Math.ceil(bytes / unitBytes));
  }

  addMapping(bytes: number): void {
    this.mapping.calls += 1;
    this.mapping.bytes += bytes;
    this.mapping.units += Math.max(1, Math.ceil(bytes / unitBytes.queue));
  }

  addInvocation(ms: number): void {
    this.invocations += 1;
    this.invocationMs += Math.ceil(ms);
  }
}

export const unitBytes = {
  queue: 65_536,
  write: 1_024,
  read: 4_096,
  object: Number.POSITIVE_INFINITY,
} as const;
