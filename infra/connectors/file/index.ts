export type { BlockFormat, FileFormat, FileRange, FileSplit, LineFormat } from "./file-format.ts";
export type { FileSourceOptions, FileSourceState } from "./file-source.ts";
export { fileSource } from "./file-source.ts";
export type { NdjsonOptions } from "./formats/ndjson.ts";
export { ndjson } from "./formats/ndjson.ts";
export type { ParquetOptions } from "./formats/parquet.ts";
export { parquet } from "./formats/parquet.ts";
export { text } from "./formats/text.ts";
