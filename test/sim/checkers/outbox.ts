import { acknowledgementSet, subtasksIn } from "../../../core/protocol/acknowledgement-set.ts";
import { COORDINATOR, addressName } from "../../../core/protocol/address.ts";
import type { Effect } from "../../../core/protocol/outbox.ts";
import type { JobRecord } from "../../../core/protocol/job-record.ts";
import type { FifoMessage } from "../../../core/ports/index.ts";
import type { GuardRecord, Staged } from "../sinks.ts";
import type {
  Accepted,
  Checker,
  CheckerContext,
  Commit,
  LedgerView,
  Member,
  Published,
} from "./checker.ts";
import { Violation } from "./violation.ts";
import { isNoOp } from "./no-op.ts";
import { murmur3 } from "../../../core/record/index.ts";

/**
 * I-OUTBOX: when version v + 1 of a ledger is appended, every message of v was accepted and every
 * effect applied. I-ACK: a message is deleted only when it is consumed or a no-op for ever, and, when
 * the head lists it, only after everything of the head has happened.
 */
export class OutboxChecker implements Checker {
  readonly rule = "I-OUTBOX";
  readonly #context: CheckerContext;
  /** By partition: what of its head has not happened yet, each as a name. */
  readonly #open = new Map<string, Set<string>>();
  /** By name of something that is waited for: the partition whose head waits. */
  readonly #waiting = new Map<string, string>();
  readonly #published = new Set<string>();
  /** Ledgers as they were before their head. */
  readonly #before = new Map<string, LedgerView>();
  /** The newest that the job's record has named. */
  #generation = 0;

  constructor(context: CheckerContext) {
    this.#context = context;
  }

  onCommit({ before, after }: Commit): void {
    if (before !== null) {
      this.#assertDone(before);
      this.#before.set(after.partition, before);
    }
    const { partition, entry } = after;
    if (entry.kind !== "turn") return;
    const open = new Set(namesOf(this.#context, after));
    for (const name of open) {
      if (this.#published.has(name) || this.#isOfOld(name)) open.delete(name);
      else this.#waiting.set(name, partition);
    }
    if (open.size > 0) this.#open.set(partition, open);
  }

  onSeal({ partition }: LedgerView): void {
    this.#forget(partition);
  }

  onAccepted({ partition, content }: Accepted): void {
    if (content.kind === "acknowledged") this.#done(fullName(partition, content.checkpoint));
    if (content.kind !== "channel") return;
    const { from, sequence } = content;
    const name = `${partition} gets ${addressName(from)} #${sequence}`;
    this.#assertEffectsFirst(name);
    this.#done(name);
  }

  /** A cut is acknowledged last (AS1); who sees the set full says so before its entry is done (AS3). */
  onMember({ set, member, members }: Member): void {
    const name = memberName(set, member);
    const partition = this.#waiting.get(name);
    const open = this.#open.get(partition ?? "");
    if (partition === undefined || open === undefined) return;
    if (open.size > 1) {
      throw new Violation("I-EFFECTS", `${name}, but not yet done is ${[...open].join(", ")}`);
    }
    const [, generation = "", , checkpoint = ""] = set.split("/");
    const subtasks = this.#context.subtasks(Number(generation)).length;
    if (subtasksIn(members) === subtasks) {
      const coordinator = this.#context.partition(Number(generation), COORDINATOR);
      const full = fullName(coordinator, Number(checkpoint));
      open.add(full);
      this.#waiting.set(full, partition);
    }
    this.#done(name);
  }

  onArmed(partition: string, number: number): void {
    this.#done(`${partition} is woken ${number}`);
  }

  onPublished({ key }: Published): void {
    this.#published.add(key);
    this.#done(key);
  }

  onObject(key: string): void {
    this.#done(key);
  }

  onGuard(_sink: string, { uid, subtask, generation, version }: GuardRecord): void {
    this.#done(`${uid}/${subtask} applies ${generation}.${version}`);
  }

  onJobRecord({ generation, phase }: JobRecord): void {
    if (phase === "finished" || phase === "stopped") this.#done(phaseName(generation, phase));
    this.#generation = Math.max(this.#generation, generation);
    for (const name of this.#waiting.keys()) if (this.#isOfOld(name)) this.#done(name);
  }

  /** The record names a later generation: how an older one ended is nobody's question any more. */
  #isOfOld(name: string): boolean {
    const [what = "", generation = ""] = name.split(" ");
    return what === PHASE && Number(generation) < this.#generation;
  }

  onDeleted(view: LedgerView | null, message: FifoMessage, content: Accepted["content"]): void {
    if (view === null) return;
    const { partition, entry } = view;
    if (!isNoOp(view, content)) {
      throw new Violation(
        "I-ACK",
        `${partition}: ${message.messageId} (${describe(content)}) is deleted, but version ${view.version} has not consumed it`,
      );
    }
    const open = this.#open.get(partition);
    const before = this.#before.get(partition);
    // A message that was consumed earlier is in hand again: its own entry is done. A copy with
    // another id is only dropped (H27).
    if (open === undefined || before === undefined || isNoOp(before, content)) return;
    if (!entry.hands.includes(idHash(message.messageId))) return;
    throw new Violation(
      "I-ACK",
      `${partition}: ${message.messageId} is deleted before version ${view.version} is done: ${[...open].join(", ")}`,
    );
  }

  /** A message follows the effects of its entry (OS1). */
  #assertEffectsFirst(name: string): void {
    const open = this.#open.get(this.#waiting.get(name) ?? "");
    for (const other of open ?? []) {
      if (LATER.some((each) => other.includes(each))) continue;
      throw new Violation("I-EFFECTS", `${name}, but not yet done is ${other}`);
    }
  }

  #assertDone({ partition, version }: LedgerView): void {
    const open = this.#open.get(partition);
    if (open === undefined) return;
    throw new Violation(
      this.rule,
      `${partition} gets version ${version + 1}, but of ${version} is left: ${[...open].join(", ")}`,
    );
  }

  #done(name: string): void {
    const partition = this.#waiting.get(name);
    if (partition === undefined) return;
    this.#waiting.delete(name);
    const open = this.#open.get(partition);
    open?.delete(name);
    if (open?.size === 0) this.#open.delete(partition);
  }

  #forget(partition: string): void {
    for (const name of this.#open.get(partition) ?? []) this.#waiting.delete(name);
    this.#open.delete(partition);
  }
}

/** In names of what happens when all effects have. */
const LATER = [" gets ", " is woken ", " has "];

/** Everything that an entry makes happen, each as a name. */
function namesOf(context: CheckerContext, view: LedgerView): readonly string[] {
  const { outbox, address, generation, partition, version, peers } = view;
  const names: string[] = [];
  for (const { to, sequence } of outbox.messages) {
    const receiver = peers.addresses[to];
    if (receiver === undefined) continue;
    const target = context.partition(generation, receiver);
    names.push(`${target} gets ${addressName(address)} #${sequence}`);
  }
  if (outbox.wake !== null) names.push(`${partition} is woken ${outbox.wake.number}`);
  for (const effect of outbox.effects) {
    names.push(...effectNames(effect, view, `${generation}.${version}`, context.job));
  }
  return names;
}

function effectNames(
  effect: Effect,
  { address, generation }: LedgerView,
  at: string,
  job: string,
): string[] {
  switch (effect.kind) {
    case "publish":
      return (effect.committables as readonly Staged[]).map(({ publishedKey }) => publishedKey);
    case "apply":
      return [`${effect.uid}/${address.subtask} applies ${at}`];
    case "savepoint":
      return [effect.key];
    case "acknowledge": {
      const { checkpoint, member } = effect;
      return [memberName(acknowledgementSet(job, generation, checkpoint), member)];
    }
    case "job":
      return [phaseName(generation, effect.phase)];
    default:
      return []; // may be done again, or not at all
  }
}

function describe(content: Accepted["content"]): string {
  switch (content.kind) {
    case "channel":
      return `${addressName(content.from)} #${content.sequence}`;
    case "wake":
      return `wake ${content.number}`;
    case "acknowledged":
      return `acknowledged ${content.checkpoint}`;
    default:
      return content.kind;
  }
}

function memberName(set: string, member: number): string {
  return `${set} has ${member}`;
}

function fullName(partition: string, checkpoint: number): string {
  return `${partition} hears that ${checkpoint} is acknowledged`;
}

const PHASE = "phase";

function phaseName(generation: number, phase: string): string {
  return `${PHASE} ${generation} ${phase}`;
}

function idHash(messageId: string): number {
  return murmur3(new TextEncoder().encode(messageId)) >>> 0;
}
