import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { StreamElement } from "../../../core/record/element.ts";
import { EmbeddedChannel } from "../../../infra/local/embedded-channel.ts";

function watermark(timestamp: number): StreamElement {
  return { kind: "watermark", timestamp };
}

test("a channel keeps the order of its elements", () => {
  const channel = new EmbeddedChannel();
  const out: (StreamElement | null)[] = [];
  let next = 0;
  for (const pushes of [3, 1, 20, 0, 5, 40, 1]) {
    for (let i = 0; i < pushes; i += 1) channel.push(watermark((next += 1)));
    for (let i = 0; i < 7; i += 1) {
      const front = channel.peek();
      const element = channel.shift();
      expect(element).toBe(front);
      if (element !== null) out.push(element);
    }
  }
  for (let rest = channel.shift(); rest !== null; rest = channel.shift()) out.push(rest);
  expect(out).toEqual(Array.from({ length: 70 }, (_, i) => watermark(i + 1)));
  expect(channel.length).toBe(0);
});

test("a channel that never gets empty does not hold what has left it", async () => {
  const channel = new EmbeddedChannel();
  const left: WeakRef<StreamElement>[] = [];
  channel.push(watermark(0));
  for (let i = 1; i <= 1_000; i += 1) {
    channel.push(watermark(i));
    const element = channel.shift();
    if (element !== null) left.push(new WeakRef(element));
  }
  expect(channel.length).toBe(1);
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
  collectGarbage();
  const held = left.filter((reference) => reference.deref() !== undefined);
  expect(held.length).toBeLessThan(50);
});

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
