export type * from "./source.ts";
export type * from "./sink.ts";
export type { OrderedEnumeratorOptions, OrderedEnumeratorState } from "./ordered-enumerator.ts";
export { OrderedEnumerator } from "./ordered-enumerator.ts";
export type {
  ChunkReader,
  ChunkedSplits,
  RecordChunk,
  ResumableSplit,
} from "./prefetching-reader.ts";
export { ArrayChunk } from "./array-chunk.ts";
export { PrefetchingReader } from "./prefetching-reader.ts";
export type { IndexSplit } from "./indexed-reader.ts";
export { collectionSource } from "./collection-source.ts";
export { sequenceSource } from "./sequence-source.ts";
export type { GeneratorOptions, GeneratorState } from "./generator-source.ts";
export { generatorSource } from "./generator-source.ts";
export { blackholeSink } from "./blackhole-sink.ts";
export type { CollectCommittable, CollectSink } from "./collect-sink.ts";
export { collectSink } from "./collect-sink.ts";
export type { WriteAheadCommittable, WriteAheadSinkOptions } from "./write-ahead-sink.ts";
export { writeAheadSink } from "./write-ahead-sink.ts";
export type { PrintSinkOptions } from "./print-sink.ts";
export { printSink } from "./print-sink.ts";
