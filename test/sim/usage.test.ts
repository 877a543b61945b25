import { describe, expect, test } from "vitest";
import { unbounded } from "../../core/ports/index.ts";
import { priceOf } from "./price.ts";
import { entry, probeWorld, sendTo, settled } from "./probe.ts";

describe("usage", () => {
  test("counts what is billed", async () => {
    const { world } = probeWorld(async ({ ports }) => {
      await ports.ledger.append("p", 1, new Uint8Array(2_049), unbounded);
      await ports.ledger.read("p", 0, unbounded);
      return [];
    });
    const { blobs, queues } = world.client("c");
    world.mapping("large").enabled = false;
    const large = { ...entry("a1"), body: new Uint8Array(65_537) };
    await settled(world, queues.send("large", [large], unbounded));
    await settled(world, blobs.put("a", new Uint8Array(1_000_000)));
    await sendTo(world, "a1");
    await world.run(60_000);
    const { calls, mapping, invocations, invocationMs } = world.usage;
    expect(calls["queue.send"]).toEqual({ calls: 2, bytes: 65_539, units: 3 });
    expect(calls["ledger.append"]).toEqual({ calls: 1, bytes: 2_049, units: 3 });
    expect(calls["ledger.read"]).toEqual({ calls: 1, bytes: 2_049, units: 1 });
    expect(calls["blob.put"]).toEqual({ calls: 1, bytes: 1_000_000, units: 1 });
    expect(mapping.calls).toBe(2);
    expect(invocations).toBe(1);
    expect(invocationMs).toBeGreaterThan(7);
  });

  test("has a price", async () => {
    const { world } = probeWorld(async ({ ports }) => {
      await ports.ledger.append("p", 1, new Uint8Array(1), unbounded);
      return [];
    });
    await sendTo(world, "a1");
    await world.run(60_000);
    const { queues, ledger, objects, functions, total } = priceOf(world.usage, 1);
    expect(queues).toBeCloseTo(3 * 0.5e-6, 12);
    expect(ledger).toBeCloseTo(0.625e-6, 12);
    expect(objects).toBe(0);
    expect(functions).toBeGreaterThan(0.2e-6);
    expect(total).toBeCloseTo(queues + ledger + functions, 12);
  });
});
