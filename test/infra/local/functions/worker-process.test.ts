import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { WorkerSetup } from "../../../../infra/local/functions/worker-message.ts";
import { WorkerProcess } from "../../../../infra/local/functions/worker-process.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-worker-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const setup: WorkerSetup = {
  directory: folder,
  metrics: folder,
  sync: false,
  codeHash: "",
  source: null,
  build: {},
};

interface Started {
  readonly worker: WorkerProcess;
  readonly ends: readonly string[];
}

/** A worker that does `reaction` when it gets an invocation `message`; resolves when it is ready. */
function started(reaction: string): Promise<Started> {
  const script = join(folder, `worker-${Math.random()}.mjs`);
  const ready = `process.send({ kind: "ready", planHash: "plan" });`;
  writeFileSync(
    script,
    `process.on("message", (message) => { if (message.kind === "setup") { ${ready} } else { ${reaction} } });`,
  );
  const ends: string[] = [];
  return new Promise((resolve) => {
    const worker: WorkerProcess = new WorkerProcess(script, setup, {
      onReady: () => resolve({ worker, ends }),
      onUnusable: () => undefined,
      onEnd: (reason) => ends.push(reason),
      onTold: () => undefined,
    });
  });
}

const invocation = { kind: "queue", id: 7, queue: "q", messages: [], deadlineMs: 0 } as const;
const LONG_MS = 60_000;

describe("a worker process", () => {
  test("gives the result of its invocation, and is free again", async () => {
    const result = { kind: "result", id: 7, failed: ["m"] };
    const { worker } = await started(`process.send(${JSON.stringify(result)})`);
    expect(await worker.invoke(invocation, LONG_MS)).toEqual({
      kind: "done",
      failed: ["m"],
    });
    expect(worker.isFree).toBe(true);
    worker.kill("the test is over");
    await worker.ended;
    expect(worker.isFree).toBe(false);
  });

  test("is ended when an invocation takes too long", async () => {
    const { worker, ends } = await started("for (;;);");
    const end = await worker.invoke(invocation, 100);
    expect(end).toEqual({ kind: "died", reason: "took longer than 0.1 s" });
    expect(ends).toEqual(["took longer than 0.1 s"]);
  });

  test.each([
    ["process.exit(3)", "exit code 3"],
    ['process.kill(process.pid, "SIGKILL")', "SIGKILL"],
  ])("that does %s ends its invocation with the reason", async (reaction, reason) => {
    const { worker } = await started(reaction);
    expect(await worker.invoke(invocation, LONG_MS)).toEqual({ kind: "died", reason });
  });
});
