import type { DelayedMessage, FifoEntry, FifoMessage } from "../../core/ports/index.ts";
import type { Call } from "./call.ts";

/**
 * Told of every change in the world at the instant at which it happens, whether or not who asked
 * for it hears of it. An error thrown by one ends the run: so checkers work. `call` is null when
 * nobody simulated made the call: event source mappings, faults.
 */
export interface Observer {
  onAppend?(partition: string, version: number, item: Uint8Array, call: Call): void;
  onTrim?(partition: string, versions: readonly number[], call: Call): void;
  /** For each entry that is now in the queue, twice for one that is there twice. */
  onSend?(queue: string, entry: FifoEntry, call: Call): void;
  onDelete?(queue: string, message: FifoMessage, call: Call | null): void;
  /** A message is gone for good, without having been handled. */
  onVanish?(queue: string, messageId: string, group: string): void;
  /** A wake-up was sent; twice for one that is there twice. */
  onDelay?(body: Uint8Array, delayMs: number, call: Call): void;
  /** The timer function is about to get a wake-up. */
  onWake?(message: DelayedMessage, invocation: number): void;
  onRecord?(key: string, bytes: Uint8Array, call: Call): void;
  /** A member was added to a set, or was in it already; `members` has it. */
  onMember?(set: string, member: number, members: readonly number[], call: Call): void;
  onPut?(key: string, bytes: Uint8Array, call: Call): void;
  onErase?(keys: readonly string[], call: Call): void;
  /** An invocation is about to start. */
  onDeliver?(queue: string, messages: readonly FifoMessage[], invocation: number): void;
}
