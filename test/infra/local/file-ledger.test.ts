import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { unbounded } from "../../../core/ports/index.ts";
import { FileLedger } from "../../../infra/local/file-ledger.ts";
import { temporaryDirectories } from "../../conformance/temporary-directories.ts";

const directory = temporaryDirectories();

test("a file ledger keeps no folder whose rows are all trimmed, and makes it again", async () => {
  const root = await directory();
  const ledger = await FileLedger.open(root, { sync: false });
  const item = new Uint8Array([1]);
  for (const version of [0, 1, 256, 300]) await ledger.append("p", version, item, unbounded);
  expect(await readdir(join(root, "p"))).toHaveLength(2);
  await ledger.trim("p", [0, 1], unbounded);
  expect(await readdir(join(root, "p"))).toEqual(["0000000000000256"]);
  expect(await ledger.append("p", 2, item, unbounded)).toEqual({ appended: true });
  const { rows } = await ledger.read("p", 0, unbounded);
  expect(rows.map(({ version }) => version)).toEqual([2, 256, 300]);
});
