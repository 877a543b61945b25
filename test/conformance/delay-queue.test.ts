import { FileDelayQueue } from "../../infra/local/file-delay-queue.ts";
import { MemoryDelayQueue } from "../../infra/memory/memory-delay-queue.ts";
import { delayQueueConformance } from "./delay-queue.ts";
import { isTheService } from "./scopes.ts";
import { temporaryDirectories } from "./temporary-directories.ts";
import { VirtualClock } from "./virtual-clock.ts";

const directory = temporaryDirectories();

delayQueueConformance("memory", () => {
  const clock = new VirtualClock();
  const queue = new MemoryDelayQueue(clock);
  return Promise.resolve({ queue, advance: clock.advance, asksScope: isTheService });
});

delayQueueConformance("files", async () => {
  const clock = new VirtualClock();
  const queue = await FileDelayQueue.open(await directory(), { clock });
  return { queue, advance: clock.advance, asksScope: true };
});
