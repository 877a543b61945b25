import { assert } from "../assert.ts";
import { limits } from "../limits.ts";
import type { AppendResult } from "../ports/index.ts";
import { crc32c, murmur3 } from "../record/index.ts";
import type { FunctionPorts } from "./function.ts";
import { isCoordinator } from "./address.ts";
import type { Address } from "./address.ts";
import { broken } from "./canaries.ts";
import type { Control } from "./control.ts";
import type { InboxResult } from "./inbox.ts";
import type { Peers } from "./job-topology.ts";
import {
  type EntryBody,
  type KeyedBase,
  type LedgerEntry,
  decodeEntry,
  encodeEntry,
} from "./ledger-entry.ts";
import { BodyWriter, isLargeBody } from "./message.ts";
import { bodyKey } from "./object-keys.ts";
import { type Outbox, type OutboxMessage, type OutboxWake, encodeOutbox } from "./outbox.ts";
import { PROTOCOL_SECTION, type ProtocolState, encodeProtocolState } from "./protocol-state.ts";
import { type SectionChange, encodeChanges } from "./sections.ts";
import type { StoredSubtask } from "./subtask-store.ts";
import type { TurnToken } from "./turn-token.ts";
import type { UnitResult } from "./unit.ts";

export interface TurnCommitOptions {
  readonly ports: FunctionPorts;
  readonly codeHash: string;
  readonly partition: string;
  readonly address: Address;
  readonly peers: Peers;
}

/** A turn that is ready to be committed. */
export interface PreparedTurn {
  readonly entry: LedgerEntry;
  readonly version: number;
  readonly protocol: ProtocolState;
  readonly outbox: Outbox;
  readonly files: readonly KeyedBase[] | null;
  readonly objects: readonly { readonly key: string; readonly bytes: Uint8Array }[];
}

export type CommitResult = "committed" | "lost";

/** What a turn is made from and what it made. */
export interface TurnParts {
  readonly stored: StoredSubtask;
  readonly commitId: string;
  readonly result: UnitResult;
  readonly inbox: InboxResult;
  /** Ids of all messages in hand. */
  readonly messageIds: readonly string[];
}

/**
 * Makes one conditional append of everything that a turn did (L3).
 *
 *   TC1  objects are written before the entry that names them, under keys with its commit id (I-OWNER)
 *   TC2  an entry lists all messages in hand, also those that it dropped or left (P2 `w`)
 *   TC3  work that no message carries is carried by a `continue` (I-CONT)
 *   TC4  nothing has happened to the outside before the append (I-COMMITFIRST)
 */
export class TurnCommit {
  readonly #options: TurnCommitOptions;

  constructor(options: TurnCommitOptions) {
    this.#options = options;
  }

  prepare(parts: TurnParts): PreparedTurn {
    const { stored, commitId, result, inbox } = parts;
    const version = stored.version + 1;
    const announces = result.cut === 0 && result.active && !stored.protocol.announced;
    const wake = wakeOf(stored.protocol, result, inbox);
    const messages = this.#messages(parts, announces);
    const sent = [...stored.protocol.sent];
    for (const { to, sequence } of messages) sent[to] = sequence;
    const protocol: ProtocolState = {
      received: inbox.received,
      sent,
      wake: wake.state,
      started: inbox.started,
      announced:
        (result.cut === 0 || broken("active-first-only")) &&
        (stored.protocol.announced || announces),
      partial: inbox.partial,
      early: inbox.early,
      lastCut: result.cut > 0 ? { version, checkpoint: result.cut } : stored.protocol.lastCut,
    };
    const outbox: Outbox = {
      effects: result.effects,
      messages,
      wake: broken("held-back-no-wake") ? null : wake.message,
    };
    const files = result.files ?? this.#coordinatorBase(stored);
    const change: SectionChange = {
      name: PROTOCOL_SECTION,
      mode: "replace",
      bytes: encodeProtocolState(protocol),
    };
    stored.sections.apply([change]);
    const delta = encodeChanges(
      files === null ? [...result.changes, change] : stored.sections.all(),
    );
    const { body, objects } = this.#body(version, commitId, delta, outbox);
    return {
      version,
      protocol,
      outbox,
      files,
      objects: [...result.objects.map(({ ref, bytes }) => ({ key: ref.key, bytes })), ...objects],
      entry: {
        kind: "turn",
        commitId,
        committedAtMs: this.#options.ports.clock.now(),
        codeHash: this.#options.codeHash,
        planHash: "",
        base: files === null ? stored.base : version,
        hands: broken("resend-starts-with")
          ? parts.messageIds.slice(0, 1).map(hashOf)
          : parts.messageIds.map(hashOf),
        consumed: consumedOf(inbox.received, result.heldFrom),
        files,
        cut: result.cut,
        next: 0,
        body,
      },
    };
  }

  /** `lost`: another turn has the version, or it is not known who has (P3.6). */
  async commit(prepared: PreparedTurn, token: TurnToken): Promise<CommitResult> {
    const { ledger, blobs } = this.#options.ports;
    const puts = prepared.objects.map(({ key, bytes }) =>
      blobs.put(key, bytes, { ifAbsent: true }),
    );
    // All have ended, also when one has failed: nothing is left behind for a later invocation.
    for (const put of await Promise.allSettled(puts))
      if (put.status === "rejected") throw put.reason;
    token.check();
    const item = encodeEntry(prepared.entry);
    const { partition } = this.#options;
    let result: AppendResult;
    try {
      result = await ledger.append(partition, prepared.version, item, token);
    } catch {
      // Nobody knows whether it was written: the ledger is read anew, and says it.
      token.check();
      return broken("dirty-warm") ? "committed" : "lost";
    }
    token.check();
    if (result.appended || broken("failed-is-success")) return "committed";
    const { commitId } = decodeEntry(result.existing);
    return commitId === prepared.entry.commitId ? "committed" : "lost";
  }

  #coordinatorBase(stored: StoredSubtask): readonly KeyedBase[] | null {
    if (!isCoordinator(this.#options.address)) return null;
    return stored.entriesSinceBase >= limits.snapshotEntriesMax ? [] : null;
  }

  /** One message per target (P3.7), numbered. */
  #messages(parts: TurnParts, announces: boolean): readonly OutboxMessage[] {
    const { stored, result, inbox } = parts;
    const bodies = new Map(result.outputs);
    const add = (to: number, control: Control): void => {
      let body = bodies.get(to);
      if (body === undefined) {
        body = new BodyWriter();
        bodies.set(to, body);
      }
      body.control(control);
    };
    for (const { to, control } of result.controls) add(to, control);
    if (announces) add(0, { kind: "active" });
    if (!broken("no-repair")) {
      for (const peer of inbox.gaps) {
        add(peer, { kind: "repair", behind: inbox.received[peer] ?? 0 });
      }
    }
    if (this.#needsContinue(parts)) add(this.#self, { kind: "continue" });
    return [...bodies]
      .sort(([left], [right]) => left - right)
      .map(([to, body]) => ({
        to,
        sequence: (stored.protocol.sent[to] ?? 0) + 1,
        data: body.data || to === this.#self,
        body: body.toBytes(),
      }));
  }

  get #self(): number {
    return this.#options.peers.self;
  }

  /**
   * TC3. A message that is left in the queue carries the work too, and so does one on its way. At a cut
   * that one is not relied on: it may be lost.
   */
  #needsContinue({ stored, result, inbox }: TurnParts): boolean {
    if (!(result.pending || inbox.earlyDue) || broken("no-continue")) return false;
    if (inbox.left > 0) return false;
    const self = this.#self;
    const received = inbox.received[self] ?? 0;
    const tookOne = received > (stored.protocol.received[self] ?? 0);
    if (broken("continue-free") && tookOne && result.keepsWake) return false;
    return (stored.protocol.sent[self] ?? 0) <= received || result.cut > 0;
  }

  #body(
    version: number,
    commitId: string,
    delta: Uint8Array,
    outbox: Outbox,
  ): {
    readonly body: EntryBody;
    readonly objects: readonly { readonly key: string; readonly bytes: Uint8Array }[];
  } {
    const encoded = encodeOutbox(outbox);
    const large = outbox.messages.some((message) => isLargeBody(message.body.length));
    if (!large && delta.length + encoded.bytes.length <= limits.ledgerInlineBytesMax) {
      return { body: { kind: "inline", delta, outbox: encoded.bytes }, objects: [] };
    }
    const bytes = new Uint8Array(delta.length + encoded.bytes.length);
    bytes.set(delta);
    bytes.set(encoded.bytes, delta.length);
    const key = bodyKey(this.#options.partition, version, commitId);
    return {
      body: {
        kind: "ref",
        key,
        deltaBytes: delta.length,
        deltaChecksum: crc32c(delta, 0, delta.length),
        outboxBytes: encoded.bytes.length,
        outboxChecksum: crc32c(encoded.bytes, 0, encoded.bytes.length),
      },
      objects: [{ key, bytes }],
    };
  }
}

/** P2 `w`: four bytes of a message id. Two ids with the same hash only cost one more send. */
export function hashOf(messageId: string): number {
  const bytes = new Uint8Array(messageId.length);
  for (let i = 0; i < messageId.length; i += 1) bytes[i] = messageId.charCodeAt(i) & 0xff;
  return murmur3(bytes) >>> 0;
}

function consumedOf(
  received: readonly number[],
  heldFrom: ReadonlyMap<number, number>,
): readonly number[] {
  return received.map((last, peer) => {
    const held = heldFrom.get(peer);
    assert(held === undefined || held <= last, "I-HELD: what is held was received");
    return held === undefined ? last : held - 1;
  });
}

/** P4: at most one wake-up is armed, for the earliest time. */
function wakeOf(
  { wake }: ProtocolState,
  { wakeUp, keepsWake }: UnitResult,
  { wakeTaken }: InboxResult,
): { readonly state: ProtocolState["wake"]; readonly message: OutboxWake | null } {
  const state = wakeTaken ? { ...wake, armed: false } : wake;
  if (keepsWake || wakeUp === null) return { state, message: null };
  if (state.armed && state.timeMs <= wakeUp) return { state, message: null };
  const number = wake.number + 1;
  return { state: { number, timeMs: wakeUp, armed: true }, message: { number, timeMs: wakeUp } };
}
