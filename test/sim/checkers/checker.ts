import type { FifoMessage } from "../../../core/ports/index.ts";
import type { AcknowledgedOperators } from "../../../core/protocol/acknowledgement-set.ts";
import type { Address } from "../../../core/protocol/address.ts";
import type { JobRecord } from "../../../core/protocol/job-record.ts";
import type { Peers } from "../../../core/protocol/job-topology.ts";
import type { LedgerEntry } from "../../../core/protocol/ledger-entry.ts";
import type { BodyItem, MessageContent } from "../../../core/protocol/message.ts";
import type { Outbox } from "../../../core/protocol/outbox.ts";
import type { ProtocolState } from "../../../core/protocol/protocol-state.ts";
import type { SectionChange } from "../../../core/protocol/sections.ts";
import type { StreamElement } from "../../../core/record/element.ts";
import type { RunSettings } from "../run-settings.ts";
import type { GuardRecord, Row } from "../sinks.ts";

/** What an outbox says to one target. */
export interface Sent {
  readonly to: number;
  readonly sequence: number;
  readonly data: boolean;
  readonly items: readonly SentItem[];
  /** It has a barrier or the end of input. */
  readonly free: boolean;
}

/** An item of a body; elements without their records. */
export type SentItem =
  | Extract<BodyItem, { readonly kind: "control" }>
  | { readonly kind: "element"; readonly edge: number; readonly element: StreamElement };

/** The ledger of one subtask as it is. */
export interface LedgerView {
  readonly partition: string;
  readonly address: Address;
  readonly generation: number;
  readonly peers: Peers;
  readonly version: number;
  readonly entry: LedgerEntry;
  readonly protocol: ProtocolState;
  readonly outbox: Outbox;
  readonly sent: readonly Sent[];
  /** Of a coordinator: the checkpoints that are pending. */
  readonly pending: readonly number[];
}

/** What an entry acknowledges a checkpoint with, in a message or in its set. */
export interface Acknowledgement {
  readonly checkpoint: number;
  readonly version: number;
  readonly operators: AcknowledgedOperators;
}

/** An entry that was appended. */
export interface Commit {
  readonly before: LedgerView | null;
  readonly after: LedgerView;
  readonly changes: readonly SectionChange[];
  readonly acknowledgements: readonly Acknowledgement[];
  /** Messages of the group that the invocation which appended it was given. */
  readonly inHand: readonly Delivered[];
  readonly at: number;
}

/** A message that was delivered to an invocation. */
export interface Delivered {
  readonly messageId: string;
  readonly content: MessageContent;
}

/** A message that is in a queue now. */
export interface Accepted {
  readonly generation: number;
  readonly partition: string;
  readonly content: MessageContent;
}

/** A member of a set of acknowledgements, right after it was added. */
export interface Member {
  readonly set: string;
  readonly member: number;
  readonly members: readonly number[];
}

/** Something that became visible outside. */
export interface Published {
  readonly sink: string;
  readonly uid: string;
  readonly runId: string;
  readonly subtask: number;
  readonly checkpoint: number;
  readonly key: string;
  readonly rows: readonly Row[];
}

/** What checkers may know beside what they are told. */
export interface CheckerContext {
  readonly job: string;
  readonly settings: RunSettings;
  /** Messages may vanish in this run. */
  readonly vanish: boolean;
  partition(generation: number, address: Address): string;
  /** A ledger as it is; null: there is none. */
  view(generation: number, address: Address): LedgerView | null;
  isSealed(partition: string): boolean;
  /** All subtasks of a generation but its coordinator. */
  subtasks(generation: number): readonly Address[];
}

/**
 * One rule of the protocol, checked at every step of a run. It is told what happened, decoded once
 * for all of them, and throws a Violation.
 */
export interface Checker {
  readonly rule: string;
  onCommit?(commit: Commit): void;
  onSeal?(before: LedgerView): void;
  onAccepted?(accepted: Accepted): void;
  /** A wake-up of an arming is in the standard queue. */
  onArmed?(partition: string, number: number): void;
  /** A member is in a set of acknowledgements, with the others. */
  onMember?(member: Member): void;
  onDeleted?(view: LedgerView | null, message: FifoMessage, content: MessageContent): void;
  onStaged?(published: Published): void;
  onPublished?(published: Published): void;
  onGuard?(sink: string, guard: GuardRecord): void;
  onDirect?(sink: string, rows: readonly Row[]): void;
  onObject?(key: string): void;
  onJobRecord?(record: JobRecord): void;
  /** The run is over: everything has come to rest. */
  atEnd?(): void;
}
