import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Job,
  type Sink,
  type Source,
  WatermarkStrategy,
  collectSink,
  defineJob,
  isJob,
  runJob,
} from "millrace";
import { type BlockFormat, type LineFormat, fileSink, fileSource } from "millrace/connectors/file";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { modulesOf, pages, root } from "./snippets.ts";

/** Below the root, so that `millrace` is found as in any other test. */
const folder = mkdtempSync(join(root, "test/docs/.examples-"));
let temporary = "";
let startedIn = "";

beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), "millrace-docs-"));
  startedIn = process.cwd();
  process.chdir(temporary);
});

afterAll(() => {
  process.chdir(startedIn);
  rmSync(temporary, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

/** The module of the block of `page` that contains `text`. */
async function load(page: string, text: string): Promise<Record<string, unknown>> {
  const found = modulesOf(page).find(({ snippet }) => snippet.code.includes(text));
  if (found === undefined) throw new Error(`no block of ${page} contains ${text}`);
  const path = join(folder, found.file);
  writeFileSync(path, found.text);
  return (await import(/* @vite-ignore */ path)) as Record<string, unknown>;
}

type PagedSource = (options: {
  readonly pages: number;
  readonly fetch: (page: number) => Promise<readonly string[]>;
}) => Source<string>;
type StoreSink = (store: TestStore) => Sink<string>;

class TestStore {
  readonly staged = new Map<string, readonly string[]>();
  readonly published = new Map<string, readonly string[]>();

  async stage(id: string, rows: readonly string[]): Promise<void> {
    this.staged.set(id, rows);
  }

  async publish(id: string): Promise<void> {
    const rows = this.staged.get(id);
    if (rows !== undefined) this.published.set(id, rows);
    this.staged.delete(id);
  }

  async discard(prefix: string, kept: ReadonlySet<string>): Promise<void> {
    for (const id of this.staged.keys()) {
      if (id.startsWith(prefix) && !kept.has(id)) this.staged.delete(id);
    }
  }
}

describe("examples of README and guide", () => {
  test("the job of the README sums revenue", async () => {
    const { default: job } = await load("README.md", 'name: "revenue"');
    const orders = [
      { shop: "north", amount: 5, placedAt: 0 },
      { shop: "south", amount: 7, placedAt: 1_000 },
      { shop: "north", amount: 2, placedAt: 2_000 },
    ];
    writeFileSync("orders.ndjson", orders.map((order) => JSON.stringify(order)).join("\n"));
    if (!isJob(job)) throw new Error("the README's job is no job");
    await (
      await runJob(job)
    ).result;
    const [file = ""] = readdirSync("out/revenue");
    const rows = readFileSync(join("out/revenue", file), "utf8").trim().split("\n");
    const minute = "1970-01-01T00:00:00.000Z";
    expect(rows.map((row) => JSON.parse(row) as unknown)).toEqual([
      { shop: "north", minute, orders: 2, revenue: 7 },
      { shop: "south", minute, orders: 1, revenue: 7 },
    ]);
  });

  test("every whole job of the guide can be planned and run to its end", async () => {
    writeFileSync("words.txt", "a b a");
    const params: Record<string, Record<string, string>> = {
      "word-count": { input: "words.txt" },
      report: { input: "words.txt" },
    };
    const ended: string[] = [];
    for (const { snippet } of pages().slice(1).flatMap(modulesOf)) {
      if (!snippet.code.includes("export default defineJob")) continue;
      const { default: job } = await load(snippet.page, snippet.code);
      if (!isJob(job)) throw new Error(`${snippet.page}:${snippet.line} exports no job`);
      if (job.name === "numbers") continue; // a million lines
      const handle = await runJob(job as Job, { params: params[job.name] ?? {} });
      expect((await handle.result).state).toBe("finished");
      ended.push(job.name);
    }
    expect(ended).toEqual(["report", "quiet-users", "word-count", "halves"]);
  });

  test("the custom source goes on after a stop, and the custom sink gets each record once", async () => {
    const page = "docs/guide/sources-and-sinks.md";
    const { pagedSource } = (await load(page, "function pagedSource")) as {
      pagedSource: PagedSource;
    };
    const { storeSink } = (await load(page, "function storeSink")) as { storeSink: StoreSink };
    const store = new TestStore();
    const fetched: number[] = [];
    const start = (fetch: (page: number) => Promise<readonly string[]>) =>
      runJob(
        defineJob({
          name: "paged",
          build(env) {
            env
              .fromSource(
                pagedSource({ pages: 3, fetch }),
                WatermarkStrategy.noWatermarks(),
                "pages",
              )
              .uid("pages")
              .sinkTo(storeSink(store))
              .uid("store");
          },
        }),
        { checkpointDir: join(temporary, "paged") },
      );
    let second = (): void => {};
    const secondPage = new Promise<void>((resolve) => (second = resolve));
    const first = await start((number) => {
      fetched.push(number);
      if (number === 0) return Promise.resolve(["0a", "0b"]);
      second();
      return new Promise(() => {});
    });
    await secondPage;
    await first.stop();
    expect([...store.published.values()].flat()).toEqual(["0a", "0b"]);

    const again = await start(async (number) => {
      fetched.push(number);
      return [`${number}a`, `${number}b`];
    });
    await again.result;
    expect([...store.published.values()].flat()).toEqual(["0a", "0b", "1a", "1b", "2a", "2b"]);
    expect(store.staged.size).toBe(0);
    expect(fetched).toEqual([0, 1, 1, 2]);
  });

  test("the custom format of lines reads what it has written", async () => {
    const { settings } = (await load("docs/guide/sources-and-sinks.md", "LineFormat<Setting>")) as {
      settings: LineFormat<{ name: string; value: string }>;
    };
    mkdirSync("settings", { recursive: true });
    const written = [
      { name: "a", value: "1" },
      { name: "b", value: "x=y" },
    ];
    const write = defineJob({
      name: "write-settings",
      build(env) {
        env.fromCollection(written).sinkTo(fileSink({ path: "settings", format: settings }));
      },
    });
    await (
      await runJob(write)
    ).result;
    const read = collectSink<{ name: string; value: string }>();
    const readBack = defineJob({
      name: "read-settings",
      build(env) {
        env
          .fromSource(
            fileSource({ path: "settings/*.conf", format: settings }),
            WatermarkStrategy.noWatermarks(),
            "settings",
          )
          .sinkTo(read.sink);
      },
    });
    await (
      await runJob(readBack)
    ).result;
    expect(read.values).toEqual(written);
  });

  test("the custom format of blocks reads whole files", async () => {
    const { floats } = (await load("docs/guide/sources-and-sinks.md", "BlockFormat<number>")) as {
      floats: BlockFormat<number>;
    };
    writeFileSync("some.floats", new Uint8Array(new Float64Array([0.5, -1, 3]).buffer));
    const read = collectSink<number>();
    const job = defineJob({
      name: "floats",
      build(env) {
        env
          .fromSource(
            fileSource({ path: "some.floats", format: floats }),
            WatermarkStrategy.noWatermarks(),
            "floats",
          )
          .sinkTo(read.sink);
      },
    });
    await (
      await runJob(job)
    ).result;
    expect(read.values).toEqual([0.5, -1, 3]);
  });
});
