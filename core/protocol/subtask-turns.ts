import { assert } from "../assert.ts";
import type { KeyedFileRef } from "../checkpoint/snapshot.ts";
import { DataError } from "../errors.ts";
import { randomId } from "../ports/index.ts";
import type { FifoMessage } from "../ports/index.ts";
import { crc32c } from "../record/index.ts";
import { type Address, addressName, isCoordinator } from "./address.ts";
import { type CarriedState, sinceCarried } from "./carried-state.ts";
import { broken } from "./canaries.ts";
import type { Credits } from "./credits.ts";
import { TaskFailure } from "./failures.ts";
import type { FunctionPorts } from "./function.ts";
import { type Hand, Inbox } from "./inbox.ts";
import type { JobTopology, Peers } from "./job-topology.ts";
import { LostMessages } from "./lost-messages.ts";
import { type ChannelMessage, type MessageContent, decodeMessage } from "./message.ts";
import { JOB_SECTION, type JobSection, decodeJobSection } from "./job-section.ts";
import { objectLost } from "./object-lost.ts";
import type { KeyedBase } from "./ledger-entry.ts";
import type { OutboxSender } from "./outbox-sender.ts";
import type { StoredSubtask, SubtaskStore } from "./subtask-store.ts";
import { TurnTime } from "./turn-budget.ts";
import { type PreparedTurn, type TurnCommit, hashOf } from "./turn-commit.ts";
import type { TurnMetrics } from "./turn-metrics.ts";
import type { TurnToken } from "./turn-token.ts";
import type { Unit, UnitFactory, UnitResult } from "./unit.ts";
import type { WarmCache, WarmSubtask } from "./warm-cache.ts";

export interface SubtaskTurnsOptions {
  readonly ports: FunctionPorts;
  readonly topology: JobTopology;
  readonly address: Address;
  readonly generation: number;
  readonly peers: Peers;
  readonly store: SubtaskStore;
  readonly commit: TurnCommit;
  readonly credits: Credits;
  readonly cache: WarmCache;
  /** What depends on the generation's run, which the ledger knows. */
  readonly parts: (job: JobSection) => SubtaskParts;
  /** A turn ends after this many milliseconds. */
  readonly turnMs: number;
  /** Null: nobody wants to know. */
  readonly metrics: TurnMetrics | null;
  /** Early messages that wait at most (P3.3). */
  readonly reorderMessagesMax: number;
}

export interface SubtaskParts {
  readonly sender: OutboxSender;
  readonly factory: UnitFactory;
}

/** Why messages are handed back, and when they may come again. */
export type HandBack =
  | { readonly reason: "credit" }
  | { readonly reason: "lost-race" }
  | { readonly reason: "time" }
  | { readonly reason: "parked" };

export type TurnsResult =
  /** The first `done` messages are to be acknowledged, the others come again. */
  | { readonly kind: "ran"; readonly done: number; readonly back: HandBack | null }
  | { readonly kind: "missing" }
  | { readonly kind: "sealed"; readonly next: number };

/** Tries after a lost race, in one invocation. */
const RACES = 2;
/** A next turn is begun only with this much of the invocation's time left. */
const TURN_LEAST_MS = 2_000;

/** A subtask at its head. */
interface Loaded {
  readonly stored: StoredSubtask;
  /** Null: it has to be made. */
  readonly unit: Unit | null;
  /** Keyed state of an older version; null: none, or the unit is there. */
  readonly carried: CarriedState | null;
  readonly sent: boolean;
}

/**
 * The turns of one subtask over the messages of its group that an invocation holds (P3).
 *
 *   I-OUTBOX   entry v + 1 exists only if every message of the outbox of v was accepted and every
 *              effect applied: whoever commits has finished the head first
 *   I-WITNESS  an entry has in its hands a message that no entry before it consumed; it is
 *              acknowledged only behind an entry that comes after the head was finished
 *   I-ACK      a message is acknowledged only when it is consumed, or a no-op for ever, and the entry
 *              that says so has sent everything
 */
export class SubtaskTurns {
  readonly #options: SubtaskTurnsOptions;
  readonly #lost: LostMessages;

  constructor(options: SubtaskTurnsOptions) {
    this.#options = options;
    this.#lost = new LostMessages(options);
  }

  async run(messages: readonly FifoMessage[], token: TurnToken): Promise<TurnsResult> {
    const all = messages.map(({ messageId }) => messageId);
    const contents = messages.map(({ body }) => this.#decode(body));
    let done = 0;
    let races = 0;
    for (;;) {
      const loaded = await this.#load(token);
      if (loaded.kind !== "loaded") return loaded;
      const job = jobOf(loaded.head.stored);
      if (this.#isOtherPlan(job)) return { kind: "ran", done, back: { reason: "parked" } };
      const parts = this.#options.parts(job);
      if (broken("credit-first") && !(await this.#credit(loaded.head.stored, token))) {
        return { kind: "ran", done, back: { reason: "credit" } };
      }
      const head = await this.#finishHead(loaded.head, parts, all, token);
      const turn = await this.#turn(head, parts, contents.slice(done), all, done, token);
      if (turn.kind === "lost") {
        this.#options.metrics?.lostRace();
        races += 1;
        // One of the appends may have succeeded without its answer: its entry, which nobody has sent,
        // has all these messages in its hands, so none of them is acknowledged (I-ACK).
        if (races > RACES) return { kind: "ran", done: 0, back: { reason: "lost-race" } };
        continue;
      }
      done += turn.done;
      if (done === messages.length) return { kind: "ran", done, back: null };
      if (turn.blocked) {
        this.#options.metrics?.creditWait();
        if (!turn.committed) {
          await this.#lost.whileBlocked(messages[done], head.stored, parts.sender, token);
        }
        return { kind: "ran", done, back: { reason: "credit" } };
      }
      const leftMs = token.deadlineMs - this.#options.ports.clock.now();
      if (leftMs < TURN_LEAST_MS || !turn.committed) {
        return { kind: "ran", done, back: { reason: "time" } };
      }
    }
  }

  #decode(body: Uint8Array): MessageContent {
    const { topology, generation } = this.#options;
    const message = decodeMessage(body);
    if (message.job === topology.job && message.generation === generation) return message.content;
    throw new DataError(`a message of ${message.job} generation ${message.generation} is here`, {
      code: "DATA_MESSAGE",
      hint: "something else writes into the job's queues",
    });
  }

  async #load(
    token: TurnToken,
  ): Promise<
    | { readonly kind: "loaded"; readonly head: Loaded }
    | { readonly kind: "missing" }
    | { readonly kind: "sealed"; readonly next: number }
  > {
    const { store, cache } = this.#options;
    const warm = cache.take(store.partition);
    // Before the load, which uses up what is stored.
    const carried = warm?.unit.carry() ?? null;
    const result = await store.load(warm?.stored ?? null, token);
    if (result.kind !== "loaded") return result;
    const { stored } = result;
    if (warm !== null && stored === warm.stored) {
      return { kind: "loaded", head: { ...warm, carried: null } };
    }
    await warm?.unit.close();
    return { kind: "loaded", head: { stored, unit: null, carried, sent: false } };
  }

  /** P3.2: sends the head's outbox again, if one of its messages is in hand. */
  async #finishHead(
    head: Loaded,
    { sender }: SubtaskParts,
    messageIds: readonly string[],
    token: TurnToken,
  ): Promise<Loaded> {
    const { stored, sent } = head;
    if (sent || stored.head.kind === "genesis" || broken("no-resend")) return head;
    const hands = new Set(stored.head.hands);
    const wanted = broken("resend-starts-with") ? messageIds.slice(0, 1) : messageIds;
    if (!wanted.some((id) => hands.has(hashOf(id)))) return head;
    await sender.finish(stored, token);
    this.#options.metrics?.sent();
    return { ...head, sent: true };
  }

  /** L7: another plan's functions park until the upgrade is finished. */
  #isOtherPlan({ planHash }: JobSection): boolean {
    if (broken("plan-not-checked")) return false;
    return planHash !== this.#options.topology.program.plan.planHash;
  }

  async #turn(
    loaded: Loaded,
    parts: SubtaskParts,
    contents: readonly MessageContent[],
    messageIds: readonly string[],
    done: number,
    token: TurnToken,
  ): Promise<
    | { readonly kind: "lost" }
    | {
        readonly kind: "ran";
        readonly done: number;
        readonly blocked: boolean;
        readonly committed: boolean;
      }
  > {
    const { ports, commit, metrics } = this.#options;
    const { stored } = loaded;
    const head = await this.#unit(loaded, parts, token);
    const needs = (content: MessageContent): boolean => this.#needsCredit(content);
    const credit = await this.#credit(stored, token);
    const inbox = new Inbox({
      hands: await this.#hands(stored, contents, messageIds.slice(done), token),
      state: stored.protocol,
      peers: this.#options.peers,
      credit,
      needsCredit: needs,
      earlyMax: this.#options.reorderMessagesMax,
    });
    const workless = !broken("no-witness") || !credit || !head.unit.pending;
    if ((await this.#isEmpty(inbox, head, token)) && workless) {
      return this.#nothingNew(head, inbox, contents, parts.sender, token);
    }
    if (broken("ack-uncommitted") && contents.every(({ kind }) => kind === "wake")) {
      const { wake } = stored.protocol;
      if (wake.timeMs > ports.clock.now()) {
        return { kind: "ran", done: contents.length, blocked: false, committed: false };
      }
    }
    const commitId = randomId(ports.random);
    const now = ports.clock.now();
    const budget = new TurnTime(ports.clock, now + this.#options.turnMs);
    let result: UnitResult;
    try {
      const version = stored.version + 1;
      result = await head.unit.run({ inbox, version, now, budget, credit, scope: token, commitId });
    } catch (error) {
      await head.unit.close();
      throw token.isLive() ? new TaskFailure(error, stored.version) : error;
    }
    token.check();
    const taken = inbox.finish();
    if (!taken.witness && !broken("no-witness")) {
      await head.unit.close();
      return { kind: "ran", done: taken.done, blocked: false, committed: false };
    }
    const prepared = commit.prepare({ stored, commitId, result, inbox: taken, messageIds });
    this.#assertBounds(prepared);
    if (broken("send-before-commit")) await this.#send(parts.sender, prepared, token);
    const outcome = await commit.commit(prepared, token);
    if (outcome === "lost") {
      await head.unit.close();
      return { kind: "lost" };
    }
    metrics?.committed(prepared, taken, head.unit.metrics);
    const sent = this.#afterCommit(head, parts.sender, prepared, token);
    if (broken("ack-before-send")) sent.catch(() => undefined);
    else await sent;
    return { kind: "ran", done: taken.done, blocked: taken.starved, committed: true };
  }

  /** Nothing is taken; what came early is, into the buffer, though it shows no item (P3.3). */
  async #isEmpty(inbox: Inbox, { unit, stored }: WarmSubtask, token: TurnToken): Promise<boolean> {
    try {
      return inbox.peek() === null && !inbox.tookAny;
    } catch (error) {
      await unit.close();
      throw token.isLive() ? new TaskFailure(error, stored.version) : error;
    }
  }

  /** P3.4: what is not new is acknowledged, and nothing is committed. */
  async #nothingNew(
    head: WarmSubtask,
    inbox: Inbox,
    contents: readonly MessageContent[],
    sender: OutboxSender,
    token: TurnToken,
  ): Promise<{
    readonly kind: "ran";
    readonly done: number;
    readonly blocked: boolean;
    readonly committed: boolean;
  }> {
    const { done, starved } = inbox.finish();
    const known = done === contents.length;
    const sent = known ? await this.#lost.nothingNew(contents, head, sender, token) : head.sent;
    // If not sent: its messages were in hand and finished, or somebody else holds them and will.
    this.#options.cache.put(this.#options.store.partition, { ...head, sent });
    return { kind: "ran", done, blocked: starved, committed: false };
  }

  /**
   * Without credit nothing that may make data is taken (P11.2). Asked for every turn: a source that
   * is polled, a timer or overdue output may make some, whatever the messages are.
   */
  async #credit(stored: StoredSubtask, token: TurnToken): Promise<boolean> {
    const { credits, address, generation } = this.#options;
    const peers = this.#creditPeers;
    if (peers.receivers.length === 0) return true;
    return credits.has(address, peers, stored.protocol, generation, token);
  }

  /** With the receivers of channels that have credits: those of data only (H33). */
  get #creditPeers(): Peers {
    const { peers, address } = this.#options;
    if (!broken("credit-control")) return peers;
    const tasks = peers.addresses.map((_, place) => place).slice(1);
    return { ...peers, receivers: isCoordinator(address) ? tasks : [0, ...peers.receivers] };
  }

  #needsCredit(content: MessageContent): boolean {
    if (this.#creditPeers.receivers.length === 0) return false;
    const { address } = this.#options;
    switch (content.kind) {
      case "channel":
        if (broken("credit-control") && [content.from, address].some(isCoordinator)) return true;
        if (broken("continue-free") && addressName(content.from) === addressName(address)) {
          return false;
        }
        return content.data;
      case "wake":
        return true;
      default:
        return false;
    }
  }

  /** Bodies that lie in objects are read before the turn; only of messages that are new. */
  async #hands(
    stored: StoredSubtask,
    contents: readonly MessageContent[],
    messageIds: readonly string[],
    token: TurnToken,
  ): Promise<readonly Hand[]> {
    const hands: Hand[] = [];
    for (const [index, content] of contents.entries()) {
      const messageId = messageIds[index] ?? "";
      const body = content.kind === "channel" ? await this.#body(stored, content, token) : null;
      hands.push({ messageId, content, body });
    }
    return hands;
  }

  async #body(
    { protocol }: StoredSubtask,
    { from, sequence, body }: ChannelMessage,
    token: TurnToken,
  ): Promise<Uint8Array | null> {
    if (body.kind === "inline") return body.bytes;
    const peer = this.#options.peers.index.get(addressName(from)) ?? -1;
    if (sequence <= (protocol.received[peer] ?? 0)) return null;
    const { key, offset, length, checksum } = body.ref;
    const bytes = await this.#options.ports.blobs.get(key, { offset, length });
    token.check();
    if (bytes !== null && crc32c(bytes, 0, bytes.length) === checksum) return bytes;
    throw objectLost(key);
  }

  async #unit(head: Loaded, { factory }: SubtaskParts, token: TurnToken): Promise<WarmSubtask> {
    const { stored, sent } = head;
    if (head.unit !== null) return { stored, unit: head.unit, sent };
    const { version, sections, files, entriesSinceBase } = stored;
    const carried = head.carried === null ? null : sinceCarried(head.carried, files);
    if (carried === null) this.#options.metrics?.coldStart();
    const bytes = await this.#options.store.files(carried?.files ?? allFiles(files), token);
    try {
      const unit = await factory.create(
        { version, sections, files, carried, bytes, entriesSinceBase },
        token,
      );
      token.check();
      return { stored, unit, sent };
    } catch (error) {
      throw token.isLive() ? new TaskFailure(error, version) : error;
    }
  }

  async #afterCommit(
    head: WarmSubtask,
    sender: OutboxSender,
    prepared: PreparedTurn,
    token: TurnToken,
  ): Promise<void> {
    if (!broken("send-before-commit")) await this.#send(sender, prepared, token);
    if (!token.isLive()) return;
    const { cache, store, credits, address, generation } = this.#options;
    credits.learn(address, generation, prepared.entry.consumed);
    const { stored, unit } = head;
    cache.put(store.partition, { stored: storedAfter(stored, prepared), unit, sent: true });
  }

  async #send(sender: OutboxSender, prepared: PreparedTurn, token: TurnToken): Promise<void> {
    await sender.send(prepared.outbox, prepared.version, prepared.entry.body, token);
    this.#options.metrics?.sent();
  }

  #assertBounds({ protocol, outbox }: PreparedTurn): void {
    if (isCoordinator(this.#options.address)) return;
    for (const { to, sequence } of outbox.messages) {
      assert(protocol.sent[to] === sequence, "PS1: a message has the next number of its channel");
    }
    assert(
      protocol.early.length <= this.#options.reorderMessagesMax || broken("unbounded-reorder"),
      "P3.3: the reorder buffer is bounded",
    );
  }
}

function jobOf({ sections }: StoredSubtask): JobSection {
  const bytes = sections.single(JOB_SECTION);
  assert(bytes !== null, "LE3: a ledger knows its job");
  return decodeJobSection(bytes);
}

function storedAfter(stored: StoredSubtask, prepared: PreparedTurn): StoredSubtask {
  const { version, entry, protocol, files } = prepared;
  return {
    version,
    head: entry,
    sections: stored.sections,
    files: files ?? stored.files,
    entriesSinceBase: files === null ? stored.entriesSinceBase + 1 : 0,
    base: files === null ? stored.base : version,
    protocol,
  };
}

function allFiles(files: readonly KeyedBase[]): readonly KeyedFileRef[] {
  return files.flatMap(({ restored, own }) => [...restored.flat(), ...own]);
}
