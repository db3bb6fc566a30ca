/** Beyond so many keys the one longest unused is forgotten, and may begin anew. */
const MOST_KEYS = 20_000;

/** How fast something may go by for each key, in this process (GCRA: one number a key). */
interface Rate {
  /** Counts once or more, if there is room. @returns 0, or in how many seconds there will be */
  spend(key: string, count?: number): number;
}

export function createRate(options: {
  readonly perSecond: number;
  /** How many may come at once. */
  readonly burst: number;
  /** Milliseconds of a clock that never runs backwards. */
  readonly now?: () => number;
}): Rate {
  const { burst, now = () => performance.now() } = options;
  const eachMs = 1_000 / options.perSecond;
  /** When each is as if it had never been used. */
  const freeAt = new Map<string, number>();

  return {
    spend(key, count = 1) {
      const at = now();
      // More than may come at once would never have room.
      const next = Math.max(freeAt.get(key) ?? 0, at) + Math.min(count, burst) * eachMs;
      const over = next - at - burst * eachMs;
      // A rounding error of the sum is no reason to wait.
      if (over > 0.001) return Math.ceil(over / 1_000);
      freeAt.delete(key);
      freeAt.set(key, next);
      if (freeAt.size > MOST_KEYS) freeAt.delete(freeAt.keys().next().value!);
      return 0;
    },
  };
}
