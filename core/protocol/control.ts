import type { SubtaskState } from "../checkpoint/snapshot.ts";

/**
 * What travels between tasks and their coordinator, and from a receiver back to its sender: values
 * of the codec in channel messages, so that each takes effect once (I-ONCE).
 */
export type Control = ToCoordinator | FromCoordinator | Repair | Continue;

export type ToCoordinator =
  /** Something happened since the subtask's last cut that a checkpoint should save (I-ACTIVE). */
  | { readonly kind: "active" }
  /** The subtask's part of a checkpoint is durable. */
  | {
      readonly kind: "ack";
      readonly checkpoint: number;
      /** Of the entry that holds the cut. */
      readonly version: number;
      /** By uid of the operators of the vertex. */
      readonly operators: readonly (readonly [uid: string, state: SubtaskState])[];
    }
  | { readonly kind: "decline"; readonly checkpoint: number; readonly reason: string }
  /** The sinks of the subtask have published all epochs up to this checkpoint. */
  | { readonly kind: "committed"; readonly checkpoint: number }
  /** The subtask has seen the end of all its input. */
  | {
      readonly kind: "finished";
      readonly accumulators: readonly (readonly [name: string, sum: number])[];
    }
  | { readonly kind: "request-split" };

export type FromCoordinator =
  /** For sources: cut, forward the barrier, acknowledge. */
  | {
      readonly kind: "trigger";
      readonly checkpoint: number;
      readonly savepoint: boolean;
      /** `stop`: take in nothing more behind the cut; `drain`: end the input before it. */
      readonly then: "go-on" | "stop" | "drain";
    }
  /** The checkpoint is complete: publish all epochs up to it; `answer` with `committed`. */
  | { readonly kind: "notify"; readonly checkpoint: number; readonly answer: boolean }
  /** A stop failed: the subtask goes on. */
  | { readonly kind: "resume"; readonly checkpoint: number }
  | { readonly kind: "splits"; readonly splits: readonly unknown[] }
  | { readonly kind: "no-more-splits" };

/** P10: send everything behind the message that was received last again. */
export interface Repair {
  readonly kind: "repair";
  readonly behind: number;
}

/** To oneself: work is left that no other message carries (I-CONT). */
export interface Continue {
  readonly kind: "continue";
}

/** What somebody outside asks of the coordinator. */
export type Command =
  | { readonly kind: "savepoint" }
  | { readonly kind: "checkpoint" }
  /** Stop with a savepoint (semantics 25). */
  | { readonly kind: "stop"; readonly drain: boolean };
