import type { CallScope } from "../../core/ports/index.ts";
import type { CallKind } from "./call-kind.ts";
import type { Fault, Place } from "./fault-injector.ts";

/** One call of a port by simulated code. */
export interface Call {
  readonly number: number;
  readonly kind: CallKind;
  readonly place: Place;
  /** Depends on the place and its count only. */
  readonly word: number;
  readonly client: string;
  /** Number of the invocation that made it; 0 outside of invocations. */
  readonly invocation: number;
  readonly startedAt: number;
  /** Versions, entries, keys: for the trace. */
  readonly subject: unknown;
  readonly bytes: number;
  readonly fault: Fault | null;
  readonly scope: CallScope | null;
  endedAt: number;
  outcome: string;
}

/** What a rejected call rejects with. */
export class PortFault extends Error {
  override readonly name = "PortFault";
  readonly retryable = true;
}

/** A call by a turn that is over: adapters refuse it before it leaves. */
export class DeadScopeError extends Error {
  override readonly name = "DeadScopeError";
  readonly retryable = false;
}
