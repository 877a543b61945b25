import { afterAll } from "vitest";
import { FileFifoQueues } from "../../infra/local/file-fifo-queues.ts";
import { MemoryFifoQueues } from "../../infra/memory/memory-fifo-queues.ts";
import { fifoQueuesConformance } from "./fifo-queues.ts";
import { isTheService } from "./scopes.ts";
import { temporaryDirectories } from "./temporary-directories.ts";
import { VirtualClock } from "./virtual-clock.ts";

const open: FileFifoQueues[] = [];

// In this order: what is registered last runs first.
const directory = temporaryDirectories();
afterAll(async () => {
  for (const queues of open) await queues.close();
});

fifoQueuesConformance("memory", () => {
  const clock = new VirtualClock();
  let refused: readonly string[] = [];
  const queues = new MemoryFifoQueues(clock, {
    faults: {
      acceptEntry: (_queue, entry) =>
        refused.includes(entry.deduplicationId) ? "reject" : "accept",
    },
  });
  return Promise.resolve({
    queues,
    queue: "orders",
    other: "parcels",
    advance: clock.advance,
    refuse: (ids) => {
      refused = ids;
    },
    asksScope: isTheService,
  });
});

/** Files, as one process sees them, or as two do: one that receives and one that does the rest. */
async function openFiles(root: string, clock: VirtualClock): Promise<FileFifoQueues> {
  const queues = await FileFifoQueues.open(root, { clock });
  open.push(queues);
  return queues;
}

const cannotRefuse = { skipped: "a write to a file takes all entries of a call, or rejects" };

fifoQueuesConformance("files", async () => {
  const clock = new VirtualClock();
  return {
    queues: await openFiles(await directory(), clock),
    queue: "orders",
    other: "Orders",
    advance: clock.advance,
    refuse: cannotRefuse,
    asksScope: true,
  };
});

fifoQueuesConformance("files, sent and deleted by others", async () => {
  const clock = new VirtualClock();
  const root = await directory();
  const receiver = await openFiles(root, clock);
  const others = await openFiles(root, clock);
  return {
    queues: {
      send: (...call) => others.send(...call),
      receive: (...call) => receiver.receive(...call),
      delete: (...call) => others.delete(...call),
      changeVisibility: (...call) => others.changeVisibility(...call),
    },
    queue: "orders",
    other: "Orders",
    advance: clock.advance,
    refuse: cannotRefuse,
    asksScope: true,
  };
});

fifoQueuesConformance("files, rewritten at every receive", async () => {
  const clock = new VirtualClock();
  const queues = await FileFifoQueues.open(await directory(), {
    clock,
    sync: false,
    compactBytes: 0,
  });
  open.push(queues);
  return {
    queues,
    queue: "orders",
    other: "Orders",
    advance: clock.advance,
    refuse: cannotRefuse,
    asksScope: true,
  };
});
