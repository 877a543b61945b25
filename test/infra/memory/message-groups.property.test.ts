import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FifoMessage } from "../../../core/ports/index.ts";
import { MessageGroups } from "../../../infra/memory/message-groups.ts";
import { runs } from "../../oracle/runs.ts";

interface ModelMessage {
  readonly id: string;
  readonly group: string;
  receipt: string;
  count: number;
  /** In flight until then; null: not. */
  until: number | null;
}

/** The same queue, told as one list that is searched at each call. */
class Model {
  messages: ModelMessage[] = [];

  add(id: string, group: string): void {
    this.messages.push({ id, group, receipt: "", count: 0, until: null });
  }

  expire(now: number): void {
    for (const each of this.messages) {
      if (each.until !== null && each.until <= now) each.until = null;
    }
  }

  /** What a receive may begin with in each group that is not locked. */
  front(group: string): readonly ModelMessage[] {
    const all = this.messages.filter((each) => each.group === group);
    return all.some(({ until }) => until !== null) ? [] : all;
  }

  get groups(): readonly string[] {
    return [...new Set(this.messages.map(({ group }) => group))];
  }

  /** Checks what a receive gave and makes the change. */
  received(given: readonly FifoMessage[], max: number, share: number, until: number): void {
    const open = this.groups.filter((group) => this.front(group).length > 0);
    const available = open.reduce((n, group) => n + Math.min(share, this.front(group).length), 0);
    expect(given.length).toBe(Math.min(max, available));
    for (const group of new Set(given.map((each) => each.group))) {
      const ids = given.filter((each) => each.group === group).map(({ messageId }) => messageId);
      const front = this.front(group).slice(0, ids.length);
      expect(ids).toEqual(front.map(({ id }) => id));
      expect(ids.length).toBeLessThanOrEqual(share);
    }
    for (const each of given) {
      const message = this.messages.find(({ id }) => id === each.messageId) as ModelMessage;
      message.count += 1;
      message.receipt = each.receipt;
      message.until = until;
      expect(each.receiveCount).toBe(message.count);
    }
  }

  delete(receipt: string, id: string, staleDeletes: boolean): boolean {
    const message = this.messages.find((each) => each.id === id);
    if (message === undefined) return true;
    const latest = message.receipt === receipt;
    if (!(latest && message.until !== null) && !staleDeletes) return !latest;
    this.messages = this.messages.filter((each) => each !== message);
    return true;
  }

  hide(receipt: string, until: number): void {
    const message = this.messages.find((each) => each.receipt === receipt);
    if (message !== undefined && message.until !== null) message.until = until;
  }

  nextVisibleAt(now: number): number | null {
    if (this.groups.some((group) => this.front(group).length > 0)) return now;
    const ends = this.messages.flatMap(({ until }) => (until === null ? [] : [until]));
    return ends.length === 0 ? null : Math.min(...ends);
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("add" as const), group: fc.nat(3) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("receive" as const),
      max: fc.integer({ min: 1, max: 5 }),
      visibilityMs: fc.nat(30),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("delete" as const), which: fc.nat(30) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("hide" as const),
      which: fc.nat(30),
      visibilityMs: fc.nat(30),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("expire" as const), every: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(20) }) },
);

describe("message groups", () => {
  test("do the same as a list that is searched at each call", () => {
    const settings = fc.record({
      staleDeletes: fc.boolean(),
      share: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 80 }), ({ staleDeletes, share }, steps) => {
        const groups = new MessageGroups({
          staleReceiptDeletes: () => staleDeletes,
          vanish: () => false,
          groupShare: () => share,
        });
        const model = new Model();
        const hands: FifoMessage[] = [];
        let now = 0;
        for (const [i, each] of steps.entries()) {
          model.expire(now);
          const hand = "which" in each ? hands[each.which % Math.max(1, hands.length)] : undefined;
          if (each.kind === "add") {
            groups.add(`m${i}`, `g${each.group}`, new Uint8Array(0));
            model.add(`m${i}`, `g${each.group}`);
          } else if (each.kind === "receive") {
            const given = groups.receive(each.max, each.visibilityMs, now);
            model.received(given, each.max, share, now + each.visibilityMs);
            hands.push(...given);
          } else if (each.kind === "delete" && hand !== undefined) {
            const deleted = model.delete(hand.receipt, hand.messageId, staleDeletes);
            expect(groups.delete(hand.receipt, now)).toBe(deleted);
          } else if (each.kind === "hide" && hand !== undefined) {
            groups.changeVisibility(hand.receipt, now + each.visibilityMs, now);
            model.hide(hand.receipt, now + each.visibilityMs);
          } else if (each.kind === "expire") {
            const chosen = ({ messageId }: FifoMessage): boolean =>
              Number(messageId.slice(1)) % (each.every + 1) === 0;
            groups.expireChosen(chosen);
            for (const message of model.messages) {
              if (Number(message.id.slice(1)) % (each.every + 1) === 0) message.until = null;
            }
          } else if (each.kind === "wait") {
            now += each.ms;
          }
          model.expire(now);
          expect(groups.nextVisibleAt(now)).toBe(model.nextVisibleAt(now));
          expect(groups.backlog).toBe(model.messages.length);
          const flying = model.messages.filter(({ until }) => until !== null);
          expect(groups.inFlight).toBe(flying.length);
          expect([...groups.groups()].toSorted()).toEqual([...model.groups].toSorted());
        }
      }),
      runs(500),
    );
  });

  test("serve ready groups in turn", () => {
    const groups = new MessageGroups({
      staleReceiptDeletes: () => false,
      vanish: () => false,
      groupShare: () => 1,
    });
    for (const id of ["a1", "a2", "a3", "b1", "b2", "c1"]) {
      groups.add(id, id.charAt(0), new Uint8Array(0));
    }
    const order: string[] = [];
    for (let i = 0; i < 6; i += 1) {
      const [message] = groups.receive(1, 100, 0);
      order.push(message?.messageId ?? "");
      groups.delete(message?.receipt ?? "", 0);
    }
    expect(order).toEqual(["a1", "b1", "c1", "a2", "b2", "a3"]);
  });
});
