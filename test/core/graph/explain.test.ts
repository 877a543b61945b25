import { describe, expect, test } from "vitest";
import { explainMermaid } from "../../../core/graph/explain-mermaid.ts";
import { explainText } from "../../../core/graph/explain-text.ts";
import { sinkGuarantees } from "../../../core/graph/guarantees.ts";
import type { Sink } from "../../../core/connector/sink.ts";
import { richProgram, smallProgram } from "./sample-plans.ts";
import { Topology, withoutCheckpointing } from "./topology.ts";

describe("explain", () => {
  test("prints one graph when it is asked for", () => {
    const { plan } = smallProgram();
    const titles = (["stream", "job", "execution"] as const).map((graph) => {
      const text = explainText(plan, [{ name: "a", value: "b", origin: "default" }], graph);
      return text
        .split("\n")
        .filter((line) => /^[A-Z]/.test(line))
        .map((line) => line.replace(/:.*/, ""));
    });
    expect(titles).toEqual([["Stream graph"], ["Job graph"], ["Execution graph"]]);
  });

  test("draws the stream graph and the execution graph", () => {
    const { plan } = richProgram();
    const stream = explainMermaid(plan, "stream");
    const execution = explainMermaid(plan, "execution");
    expect(stream.match(/==>/g)?.length).toBe(plan.streamGraph.edges.length);
    expect(stream).not.toContain("subgraph");
    expect(execution.match(/ ==> /g)?.length).toBe(plan.executionGraph.channels.length);
    expect(execution.match(/subgraph/g)?.length).toBe(plan.jobGraph.vertices.length);
    expect(execution.match(/t\d+_\d+\["/g)?.length).toBe(plan.executionGraph.subtasks.length);
  });

  test("prints a plan with everything", () => {
    expect(explainText(richProgram().plan)).toMatchInlineSnapshot(`
      "job test, plan b7f7c16fdb97

      Stream graph: 8 operators
        flights  source  p 2  uid flights
        rules    source  p 1  uid rules-bbc6f244 (derived)
        parse    map     p 2  uid parse-b095b43a (derived)
          from flights (forward)
        hourly   window  p 2  uid hourly-b854afcc (derived)
          from parse (hash)
          from rules (broadcast, second input)
          assigner: tumbling(1h)
          state: sum (value, version 1, ttl 1d)
          reacts to watermarks: each 1h at -1ms
        files    sink    p 2  uid files-4eade795 (derived)
          from hourly (forward)
        sink     sink    p 2  uid late
          from hourly (forward, side output late)
        copy     sink    p 2  uid copy
          from parse (forward)
        letters  sink    p 1  uid letters
          from flights (rebalance, side output $dead-letters)
          from rules (rebalance, side output $dead-letters)
          from hourly (rebalance, side output $dead-letters)

      Job graph: 4 tasks
        1.  flights -> parse -> copy  p 2  max 128
        2.  rules                     p 1  max 128
        3.  hourly -> (files, sink)   p 2  max 128
        4.  letters                   p 1  max 128
        1 -> 3  hash                        buffer timeout 0ms    watermark steps: each 1h at -1ms
        2 -> 3  broadcast                   buffer timeout 100ms  watermark steps: each 1h at -1ms
        1 -> 4  rebalance of $dead-letters  buffer timeout 100ms  watermark steps: none
        2 -> 4  rebalance of $dead-letters  buffer timeout 100ms  watermark steps: none
        3 -> 4  rebalance of $dead-letters  buffer timeout 100ms  watermark steps: none

      Execution graph: 6 subtasks, 11 channels
        task 1  2 subtasks
        task 2  1 subtask
        task 3  2 subtasks  key groups 0-63 64-127
        task 4  1 subtask
        1 -> 3  4 channels
        2 -> 3  2 channels
        1 -> 4  2 channels
        2 -> 4  1 channel
        3 -> 4  2 channels

      Settings
        parallelism    1     default
        checkpointing  true  default
        parallelism    1     operator rules-bbc6f244
        bufferTimeout  0ms   operator parse-b095b43a

      Guarantees
        source  flights  replayable
        source  rules    not replayable
        sink    files    none                     source "rules" cannot be read again, so a failure loses records
        sink    sink     none                     source "rules" cannot be read again, so a failure loses records
        sink    copy     exactly-once end to end  replayable sources, checkpoints, and a sink that commits with them
        sink    letters  none                     the sink gives none

      Warnings
        the uid hourly-b854afcc of window "hourly" is derived from its place in the job, so a change above it loses its state; add .uid("hourly-b854afcc") behind it
        the uid files-4eade795 of sink "files" is derived from its place in the job, so a change above it loses its state; add .uid("files-4eade795") behind it
      "
    `);
  });

  test("prints a small plan", () => {
    expect(explainText(smallProgram().plan)).toMatchInlineSnapshot(`
      "job test, plan 843778c7c5ac

      Stream graph: 3 operators
        numbers  source  p 1  uid numbers-eaa96f6f (derived)
        map      map     p 1  uid map-7ad3078d (derived)
          from numbers (forward)
        sink     sink    p 1  uid sink-0502721d (derived)
          from map (forward)

      Job graph: 1 task
        1.  numbers -> map -> sink  p 1  max 128

      Execution graph: 1 subtask, 0 channels
        task 1  1 subtask

      Settings
        parallelism    1     default
        checkpointing  true  default

      Guarantees
        source  numbers  replayable
        sink    sink     none        the sink gives none
      "
    `);
  });

  test("prints params with their origins", () => {
    const params = [
      { name: "bound", value: "12h", origin: "command line" },
      { name: "token", value: "secret(env:TOKEN)", origin: "default" },
    ];
    expect(explainText(smallProgram().plan, params)).toContain(
      "\n\nParams\n  bound  12h                command line\n  token  secret(env:TOKEN)  default\n\n",
    );
  });

  test("draws a plan with everything", () => {
    expect(explainMermaid(richProgram().plan)).toMatchInlineSnapshot(`
      "flowchart LR
        subgraph t0["task 1, p 2"]
          o0["flights<br/>source"]
          o2["parse<br/>map"]
          o6["copy<br/>sink"]
          o0 --> o2
          o2 --> o6
        end
        subgraph t1["task 2, p 1"]
          o1["rules<br/>source"]
        end
        subgraph t2["task 3, p 2"]
          o3["hourly<br/>window"]
          o4["files<br/>sink"]
          o5["sink"]
          o3 --> o4
          o3 -->|"late"| o5
        end
        subgraph t3["task 4, p 1"]
          o7["letters<br/>sink"]
        end
        o2 ==>|"hash"| o3
        o1 ==>|"broadcast"| o3
        o0 ==>|"rebalance: $dead-letters"| o7
        o1 ==>|"rebalance: $dead-letters"| o7
        o3 ==>|"rebalance: $dead-letters"| o7
      "
    `);
  });

  test("draws names with any characters", () => {
    const t = new Topology();
    t.sink(t.source('a "b" <c> #1 & co'));
    expect(explainMermaid(t.program().plan)).toContain(
      '["a #quot;b#quot; #lt;c#gt; #35;1 #amp; co<br/>source"]',
    );
  });
});

describe("the guarantee of a sink", () => {
  const rows: readonly [Sink<unknown>["guarantee"], boolean, boolean, string, string][] = [
    ["exactly-once", true, true, "exactly-once", "replayable sources, checkpoints"],
    ["exactly-once", true, false, "none", "checkpointing is off"],
    ["exactly-once", false, true, "none", 'source "queue" cannot be read again'],
    ["at-least-once", true, true, "at-least-once", "may repeat"],
    ["at-least-once", false, true, "none", "cannot be read again"],
    ["none", true, true, "none", "the sink gives none"],
  ];
  test.each(rows)(
    "that declares %s, sources replayable %s, checkpoints %s: %s",
    (declared, replayable, checkpoints, expected, reason) => {
      const t = new Topology();
      const inputs = [t.from(t.source("s")), t.from(t.source("queue", { replayable }))];
      t.sink(t.operator("map", inputs), { guarantee: declared });
      t.sink(t.source("beside", { replayable: false }));
      const [first] = sinkGuarantees(t.program(checkpoints ? {} : withoutCheckpointing()).plan);
      expect(first?.guarantee).toBe(expected);
      expect(first?.reason).toContain(reason);
    },
  );
});
