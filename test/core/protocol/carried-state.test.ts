import { expect, test } from "vitest";
import type { KeyedFileRef } from "../../../core/checkpoint/snapshot.ts";
import { type CarriedState, sinceCarried } from "../../../core/protocol/carried-state.ts";

const file = (key: string): KeyedFileRef => ({
  key,
  kind: key.startsWith("b") ? "base" : "segment",
  bytes: 1,
  checksum: 1,
});
const own = (keys: string): readonly KeyedFileRef[] => keys.split(" ").filter(Boolean).map(file);

test.each([
  { name: "only segments came", before: "b1 s2", now: "b1 s2", since: { files: "", segments: 3 } },
  {
    name: "files on top",
    before: "b1 s2",
    now: "b1 s2 s3 s4",
    since: { files: "s3 s4", segments: 0 },
  },
  {
    name: "the first ones are gone",
    before: "b1 s2",
    now: "s2 s3",
    since: { files: "s3", segments: 0 },
  },
  {
    name: "its last one is gone: others in between may be, too",
    before: "b1",
    now: "s3 s4",
    since: null,
  },
  { name: "written as a whole since", before: "b1 s2", now: "b3 s4", since: null },
  { name: "no file yet, nor before", before: "", now: "", since: { files: "", segments: 3 } },
  { name: "no file before: the base may be gone already", before: "", now: "s2 s3", since: null },
])("a carried state goes on: $name", ({ before, now, since }) => {
  const carried = {
    uid: "sum",
    files: { uid: "sum", restored: [], own: own(before) },
    segments: 3,
  } as unknown as CarriedState;
  const found = sinceCarried(carried, [{ uid: "sum", restored: [], own: own(now) }]);
  const expected = { uid: "sum", segments: since?.segments, files: own(since?.files ?? "") };
  expect(found).toEqual(since === null ? null : expected);
});
