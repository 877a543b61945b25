import * as zlib from "node:zlib";
import type { Compressors } from "hyparquet";
import { compressors } from "hyparquet-compressors";

/** `zstdDecompressSync` is there from Node 22.15 on. */
const zstd = "zstdDecompressSync" in zlib ? zlib.zstdDecompressSync : null;

/** Decompressors of all codecs of Parquet: Node's own where it has them, else in JS or wasm. */
export const decompressors: Compressors = {
  ...compressors,
  GZIP: (input) => zlib.gunzipSync(input),
  BROTLI: (input) => zlib.brotliDecompressSync(input),
  ...(typeof zstd === "function" ? { ZSTD: (input) => zstd(input) } : {}),
};
