/** Takes the results of a function, as many as it likes. */
export interface Collector<T> {
  /** Emits one record, with the timestamp of the record (or timer) at work. */
  collect(value: T): void;
}

/**
 * What a function whose result is not used may return. A promise is a type error, because nobody
 * would wait for it; see `Sync`.
 */
export type Ignored = void | undefined;

/**
 * A result R that is used at once, so that a promise is a type error. In generic code, where R is
 * still a type parameter, TypeScript cannot decide this: use `flatMap` or `process` there.
 */
export type Sync<R> = R &
  (Extract<R, PromiseLike<unknown>> extends never ? unknown : SynchronousFunctionsOnly);

/** Stands in the type error of a function that returns a promise. */
export type SynchronousFunctionsOnly =
  "this function must not return a promise: only open, close and asynchronous I/O may wait";

/** Turns each value into one result. */
export type MapFunction<T, R> = (value: T) => R;

/** Keeps the values for which it returns true. */
export type FilterFunction<T> = (value: T) => boolean;

/** Turns each value into any number of results. */
export type FlatMapFunction<T, R> = (value: T, out: Collector<R>) => Ignored;
