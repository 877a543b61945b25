export type * from "./source.ts";
export type * from "./sink.ts";
