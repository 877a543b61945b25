import type { FifoEntry, FifoMessage } from "../../../core/ports/index.ts";
import { decodeOutbox, EMPTY_OUTBOX } from "../../../core/protocol/outbox.ts";
import {
  ACKNOWLEDGEMENT_SECTION,
  decodeAcknowledgement,
  entryOf,
} from "../../../core/protocol/acknowledgement-set.ts";
import {
  type Address,
  parseAddress,
  parseGroup,
  partitionOf,
  vertexOf,
} from "../../../core/protocol/address.ts";
import type { JobTopology } from "../../../core/protocol/job-topology.ts";
import { type LedgerEntry, decodeEntry } from "../../../core/protocol/ledger-entry.ts";
import { decodeMessage, readBody, readElement } from "../../../core/protocol/message.ts";
import type { Outbox, OutboxMessage } from "../../../core/protocol/outbox.ts";
import { decodeProtocolState, PROTOCOL_SECTION } from "../../../core/protocol/protocol-state.ts";
import { type SectionChange, decodeChanges } from "../../../core/protocol/sections.ts";
import type { CompletedCheckpoint } from "../../../core/protocol/completed-checkpoints.ts";
import {
  COORDINATOR_SECTION,
  type CoordinatorState,
} from "../../../core/protocol/coordinator-state.ts";
import type { JobRecord } from "../../../core/protocol/job-record.ts";
import { fromBytes } from "../../../core/record/index.ts";
import type { Call } from "../call.ts";
import type { Observer } from "../observer.ts";
import { decodeGuard, decodeRows, OUTSIDE } from "../sinks.ts";
import type { RunSettings } from "../run-settings.ts";
import type {
  Acknowledgement,
  Checker,
  CheckerContext,
  Commit,
  Delivered,
  LedgerView,
  Sent,
  SentItem,
} from "./checker.ts";
import { Violation } from "./violation.ts";

export interface FeedOptions {
  readonly job: string;
  readonly now: () => number;
  /** The build with a plan. */
  readonly topology: (planHash: string) => JobTopology | null;
  readonly settings: RunSettings;
  readonly vanish: boolean;
  /** More entries than a run could ever need. */
  readonly turnsMax: number;
}

/**
 * Decodes what happens in a world, once, and tells all checkers.
 *
 *   CF1  what a checker is told comes from the bytes that were written, not from who wrote them
 *   CF2  I-CHAIN: a version of a ledger is written once, and right behind the one before it
 */
export class Feed implements Observer, CheckerContext {
  readonly job: string;
  readonly settings: RunSettings;
  readonly vanish: boolean;
  readonly #options: FeedOptions;
  readonly #checkers: Checker[] = [];
  readonly #views = new Map<string, LedgerView>();
  readonly #sealed = new Set<string>();
  readonly #bodies = new Map<string, Uint8Array>();
  /** By invocation: what it was given. */
  readonly #hands = new Map<number, Hands>();
  readonly #topologies = new Map<number, JobTopology>();
  turns = 0;
  #idleDeliveries = 0;
  #record: JobRecord | null = null;
  #retained: readonly CompletedCheckpoint[] = [];

  constructor(options: FeedOptions) {
    this.#options = options;
    this.job = options.job;
    this.settings = options.settings;
    this.vanish = options.vanish;
  }

  /** Checkers are told in the order in which they are added. */
  add(...checkers: readonly Checker[]): void {
    this.#checkers.push(...checkers);
  }

  partition(generation: number, address: Address): string {
    return partitionOf(this.job, generation, address);
  }

  view(generation: number, address: Address): LedgerView | null {
    return this.#views.get(this.partition(generation, address)) ?? null;
  }

  subtasks(generation: number): readonly Address[] {
    return this.#topologies.get(generation)?.subtasks ?? [];
  }

  get record(): JobRecord | null {
    return this.#record;
  }

  /** Checkpoints of the newest generation that a job can be restored from. */
  get retained(): readonly CompletedCheckpoint[] {
    return this.#retained;
  }

  isSealed(partition: string): boolean {
    return this.#sealed.has(partition);
  }

  atEnd(): void {
    for (const checker of this.#checkers) checker.atEnd?.();
  }

  onAppend(partition: string, version: number, item: Uint8Array, call: Call): void {
    const entry = decodeEntry(item);
    const before = this.#views.get(partition) ?? null;
    if (this.#sealed.has(partition)) {
      throw new Violation("I-GEN", `${partition} gets version ${version} behind its seal`);
    }
    const expected = before === null ? 0 : before.version + 1;
    if (version !== expected) {
      throw new Violation("I-CHAIN", `${partition} gets version ${version}, not ${expected}`);
    }
    if (entry.kind === "seal") return this.#seal(partition, before);
    const { generation } = placeOf(this.job, partition);
    const isOld = generation < (this.#record?.generation ?? 0);
    // Of two restores at once one wins: what the other wrote belongs to nobody.
    if (isOld && this.#record?.phase === "running" && entry.kind !== "genesis") {
      throw new Violation("I-GEN", `${partition} gets version ${version}, but a later one runs`);
    }
    this.turns += entry.kind === "turn" ? 1 : 0;
    this.#idleDeliveries = 0;
    if (this.turns > this.#options.turnsMax) {
      throw new Violation(
        "ENDLESS",
        `${this.turns} entries and no end, now ${partition} ${version}`,
      );
    }
    const commit = this.#commit(partition, version, entry, before, call);
    this.#views.set(partition, commit.after);
    this.#keepRetained(commit);
    for (const checker of this.#checkers) checker.onCommit?.(commit);
  }

  onTrim(partition: string, versions: readonly number[]): void {
    // The ledger of an older generation goes as a whole (P6).
    if (this.#sealed.has(partition)) return;
    const head = this.#views.get(partition)?.version ?? 0;
    const last = Math.max(...versions, 0);
    if (last >= head && versions.length > 0) {
      throw new Violation("I-SLOT", `${partition} loses version ${last}, its head is ${head}`);
    }
  }

  onSend(queue: string, entry: FifoEntry): void {
    const content = decodeMessage(entry.body).content;
    const partition = this.#partition(queue, entry.group);
    const { generation } = parseGroup(entry.group);
    const accepted = { generation, partition, content };
    for (const checker of this.#checkers) checker.onAccepted?.(accepted);
  }

  onDelete(queue: string, message: FifoMessage): void {
    const { content } = decodeMessage(message.body);
    const partition = this.#partition(queue, message.group);
    const view = this.#sealed.has(partition) ? null : (this.#views.get(partition) ?? null);
    for (const checker of this.#checkers) checker.onDeleted?.(view, message, content);
  }

  onMember(set: string, member: number, members: readonly number[]): void {
    for (const checker of this.#checkers) checker.onMember?.({ set, member, members });
  }

  onDelay(body: Uint8Array): void {
    const [queue, group, , inner] = fromBytes(body) as [string, string, number, Uint8Array];
    const { content } = decodeMessage(inner);
    if (content.kind !== "wake") return;
    const partition = this.#partition(queue, group);
    for (const checker of this.#checkers) checker.onArmed?.(partition, content.number);
  }

  onDeliver(queue: string, messages: readonly FifoMessage[], invocation: number): void {
    this.#hands.set(invocation, { queue, messages });
    this.#idleDeliveries += 1;
    if (this.#idleDeliveries <= IDLE_DELIVERIES_MAX) return;
    throw new Violation("LIVELOCK", `${IDLE_DELIVERIES_MAX} deliveries and no entry, now ${queue}`);
  }

  onPut(key: string, bytes: Uint8Array): void {
    if (key.endsWith(".commit")) this.#bodies.set(key, bytes);
    for (const checker of this.#checkers) checker.onObject?.(key);
    if (key.startsWith(OUTSIDE)) this.#outside(key, bytes);
  }

  onRecord(key: string, bytes: Uint8Array): void {
    if (key.startsWith(OUTSIDE)) {
      const [sink = ""] = key.slice(OUTSIDE.length).split("/");
      const guard = decodeGuard(bytes);
      for (const checker of this.#checkers) checker.onGuard?.(sink, guard);
    } else if (key === `${this.#options.job}/generation`) {
      const record = fromBytes(bytes) as JobRecord; // what the engine's codec wrote
      this.#record = record;
      for (const checker of this.#checkers) checker.onJobRecord?.(record);
    }
  }

  #keepRetained({ changes }: Commit): void {
    const change = changes.findLast(({ name }) => name === COORDINATOR_SECTION);
    if (change === undefined) return;
    const { completed } = fromBytes(change.bytes) as CoordinatorState; // as the coordinator keeps it
    this.#retained = completed.retained;
  }

  #outside(key: string, bytes: Uint8Array): void {
    const [sink = "", what, runId = "", uid = "", subtask = "", checkpoint = ""] = key
      .slice(OUTSIDE.length)
      .split("/");
    const rows = decodeRows(bytes);
    if (what === "direct") {
      for (const checker of this.#checkers) checker.onDirect?.(sink, rows);
      return;
    }
    const published = {
      sink,
      uid,
      runId,
      subtask: Number(subtask),
      checkpoint: Number(checkpoint),
      key,
      rows,
    };
    for (const checker of this.#checkers) {
      if (what === "published") checker.onPublished?.(published);
      else checker.onStaged?.(published);
    }
  }

  #seal(partition: string, before: LedgerView | null): void {
    this.#sealed.add(partition);
    if (before === null) return;
    for (const checker of this.#checkers) checker.onSeal?.(before);
  }

  #commit(
    partition: string,
    version: number,
    entry: LedgerEntry,
    before: LedgerView | null,
    call: Call,
  ): Commit {
    const { generation, address } = placeOf(this.#options.job, partition);
    const { delta, outbox } = this.#body(partition, entry);
    const changes = decodeChanges(delta);
    const protocolBytes = changes.findLast(({ name }) => name === PROTOCOL_SECTION)?.bytes;
    if (protocolBytes === undefined) {
      throw new Violation("I-CHAIN", `${partition} ${version} has no protocol state`);
    }
    const topology = this.#topology(generation, entry);
    const after: LedgerView = {
      partition,
      address,
      generation,
      peers: before?.peers ?? topology.peers(address),
      version,
      entry,
      protocol: decodeProtocolState(protocolBytes),
      outbox,
      sent: outbox.messages.map(sentOf),
      pending: pendingIn(changes) ?? before?.pending ?? [],
    };
    return {
      before,
      after,
      changes,
      acknowledgements: [...acknowledgedByMessage(after), ...acknowledgedInSet(after, changes)],
      inHand: this.#inHand(partition, call),
      at: this.#options.now(),
    };
  }

  #topology(generation: number, { kind, planHash }: LedgerEntry): JobTopology {
    const known = this.#topologies.get(generation);
    if (known !== undefined) return known;
    const topology = kind === "genesis" ? this.#options.topology(planHash) : null;
    if (topology === null) {
      throw new Violation("I-CHAIN", `generation ${generation} begins with an unknown plan`);
    }
    this.#topologies.set(generation, topology);
    return topology;
  }

  #body(partition: string, { body }: LedgerEntry): { delta: Uint8Array; outbox: Outbox } {
    if (body.kind === "inline") {
      return { delta: body.delta, outbox: decodeOutbox(body.outbox) };
    }
    const bytes = this.#bodies.get(body.key);
    const { deltaBytes, outboxBytes } = body;
    if (bytes === undefined || bytes.length < deltaBytes + outboxBytes) {
      throw new Violation("I-OWNER", `${partition} names ${body.key}, which is not there`);
    }
    const delta = bytes.subarray(0, deltaBytes);
    const outbox = bytes.subarray(deltaBytes, deltaBytes + outboxBytes);
    try {
      return { delta, outbox: outboxBytes === 0 ? EMPTY_OUTBOX : decodeOutbox(outbox) };
    } catch (error) {
      throw new Violation("I-OWNER", `${partition} names ${body.key}: ${String(error)}`);
    }
  }

  #inHand(partition: string, { invocation }: Call): readonly Delivered[] {
    const hands = this.#hands.get(invocation);
    if (hands === undefined) return [];
    return hands.messages
      .filter(({ group }) => this.#partition(hands.queue, group) === partition)
      .map(({ messageId, body }) => ({ messageId, content: decodeMessage(body).content }));
  }

  #partition(queue: string, group: string): string {
    const { generation, subtask } = parseGroup(group);
    return this.partition(generation, { vertex: vertexOf(this.job, queue), subtask });
  }
}

/** Deliveries that may bring nothing, one after the other. */
const IDLE_DELIVERIES_MAX = 10_000;

interface Hands {
  readonly queue: string;
  readonly messages: readonly FifoMessage[];
}

/** Which subtask of which generation a ledger belongs to. */
export function placeOf(
  job: string,
  partition: string,
): { readonly generation: number; readonly address: Address } {
  const rest = partition.slice(job.length + 1);
  const at = rest.indexOf("/");
  return { generation: Number(rest.slice(0, at)), address: parseAddress(rest.slice(at + 1)) };
}

/** Null: the entry changes nothing of it. */
function pendingIn(changes: readonly SectionChange[]): readonly number[] | null {
  const change = changes.findLast(({ name }) => name === COORDINATOR_SECTION);
  if (change === undefined) return null;
  const { checkpoints } = fromBytes(change.bytes) as CoordinatorState; // as the coordinator keeps it
  return (checkpoints?.pending ?? []).map(({ checkpoint }) => checkpoint);
}

function acknowledgedByMessage({ sent }: LedgerView): readonly Acknowledgement[] {
  const items = sent.flatMap(({ items: all }) => all);
  return items.flatMap((item) =>
    item.kind === "control" && item.control.kind === "ack" ? [item.control] : [],
  );
}

function acknowledgedInSet(
  { outbox, partition, version }: LedgerView,
  changes: readonly SectionChange[],
): readonly Acknowledgement[] {
  return outbox.effects.flatMap((effect) => {
    if (effect.kind !== "acknowledge") return [];
    const section = changes.findLast(({ name }) => name === ACKNOWLEDGEMENT_SECTION);
    if (section === undefined || entryOf(effect.member).version !== version) {
      throw new Violation("I-CUT", `${partition} ${version} acknowledges what it does not hold`);
    }
    const operators = decodeAcknowledgement(section.bytes);
    return [{ checkpoint: effect.checkpoint, version, operators }];
  });
}

function sentOf({ to, sequence, data, body }: OutboxMessage): Sent {
  const items = readBody(body).map((item): SentItem => {
    if (item.kind === "control") return item;
    return { kind: "element", edge: item.edge, element: readElement(item.bytes) };
  });
  const free = items.some(
    (item) =>
      item.kind === "element" && (item.element.kind === "barrier" || item.element.kind === "end"),
  );
  return { to, sequence, data, items, free };
}
