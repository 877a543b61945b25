/** Milliseconds at shares of a distribution, ascending; in between, logarithms are interpolated. */
type Quantiles = readonly (readonly [share: number, ms: number])[];

/** From a send to the handler of a FIFO queue: measured at 0.5, 0.9 and 0.99, the ends assumed. */
export const FIFO_HOP: Quantiles = [
  [0, 12],
  [0.5, 28],
  [0.9, 61],
  [0.99, 645],
  [1, 2_000],
];

/** What one turn does before its messages are accepted, in milliseconds. */
export const TURN_MS = { read: 5, compute: 3, object: 100, append: 5, send: 10 } as const;

export interface Latency {
  readonly name: string;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** Source turn, then three hops, each through a queue; the last sends nothing. */
export function latencies(samples: number): readonly Latency[] {
  const inline = TURN_MS.read + TURN_MS.compute + TURN_MS.append;
  return [
    distributionOf("commits inline (up to 8 KB)", inline, samples),
    distributionOf("every commit writes an object", inline + TURN_MS.object, samples),
    distributionOf(
      "and every turn in a container that reads three objects' worth at once",
      inline + 2 * TURN_MS.object,
      samples,
    ),
  ];
}

function distributionOf(name: string, turnMs: number, samples: number): Latency {
  const random = mulberry(7);
  const totals = Array.from({ length: samples }, () => {
    let ms = 0;
    for (let hop = 0; hop < HOPS; hop += 1) ms += TURN_MS.send + at(FIFO_HOP, random()) + turnMs;
    return ms + turnMs;
  }).sort((left, right) => left - right);
  const of = (share: number): number => Math.round(totals[Math.floor(share * samples)] ?? NaN);
  return { name, p50: of(0.5), p90: of(0.9), p99: of(0.99) };
}

const HOPS = 3;

function at(quantiles: Quantiles, share: number): number {
  for (let i = 1; i < quantiles.length; i += 1) {
    const [from, least] = quantiles[i - 1] ?? [0, 0];
    const [to, most] = quantiles[i] ?? [1, 0];
    if (share > to) continue;
    return least * (most / least) ** ((share - from) / (to - from));
  }
  return NaN;
}

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
