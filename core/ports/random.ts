/** Randomness: ids of commits, jitter. The simulator passes a seeded one. */
export interface Random {
  /** 0 <= next < 1. */
  next(): number;
}

/** 16 hex digits. */
export function randomId(random: Random): string {
  const half = (): string =>
    Math.floor(random.next() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, "0");
  return half() + half();
}
