import { expect, test } from "vitest";
import type { FifoMessage } from "../../../core/ports/index.ts";
import { COORDINATOR } from "../../../core/protocol/address.ts";
import type { JobRecord } from "../../../core/protocol/job-record.ts";
import { murmur3 } from "../../../core/record/index.ts";
import type { CheckerContext, Commit, LedgerView } from "./checker.ts";
import { OutboxChecker } from "./outbox.ts";

/** Only what the checker looks at. */
const context = { job: "job" } as CheckerContext;
const message = { messageId: "m1" } as FifoMessage;
const record = (generation: number): JobRecord => ({ generation, phase: "sealing" }) as JobRecord;

/** The coordinator of generation 1 at a version whose entry stops the job with a command in hand. */
function view(version: number): LedgerView {
  return {
    partition: "job/1/:coordinator/0",
    address: COORDINATOR,
    generation: 1,
    version,
    entry: { kind: "turn", hands: [murmur3(new TextEncoder().encode("m1")) >>> 0] },
    protocol: { received: [0], wake: { number: 0, armed: false }, started: null },
    outbox: {
      effects: [{ kind: "job", phase: "stopped", detail: null }],
      messages: [],
      wake: null,
    },
    peers: { addresses: [COORDINATOR], index: new Map(), receivers: [] },
    pending: [],
  } as unknown as LedgerView;
}

const acknowledged = { kind: "acknowledged", checkpoint: 1 } as const;

function stopped(checker: OutboxChecker): LedgerView {
  const before = { ...view(1), pending: [1] };
  const after = view(2);
  checker.onCommit({
    before: null,
    after: { ...before, outbox: { ...before.outbox, effects: [] } },
  } as unknown as Commit);
  checker.onCommit({ before, after } as unknown as Commit);
  return after;
}

test("a phase is to be recorded before its messages are deleted", () => {
  const checker = new OutboxChecker(context);
  checker.onJobRecord(record(1));
  const after = stopped(checker);
  expect(() => checker.onDeleted(after, message, acknowledged)).toThrow(/I-ACK.*phase 1 stopped/);
});

test.each([
  ["before", (checker: OutboxChecker) => checker.onJobRecord(record(2))],
  ["after", () => undefined],
])("nobody records a phase of a generation that was replaced %s its entry", (when, replace) => {
  const checker = new OutboxChecker(context);
  checker.onJobRecord(record(1));
  replace(checker);
  const after = stopped(checker);
  if (when === "after") checker.onJobRecord(record(2));
  expect(() => checker.onDeleted(after, message, acknowledged)).not.toThrow();
});
