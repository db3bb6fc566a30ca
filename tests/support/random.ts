/** A whole number from 0 to `below` - 1. */
export type Draw = (below: number) => number;

/** The same draws for the same seed (mulberry32). */
export function drawFrom(seed: number): Draw {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Draws of the same kind, the same for the same seed. */
export function randomOf(seed: number) {
  const below = drawFrom(seed);
  const next = () => below(1 << 30) / (1 << 30);
  return {
    chance: (probability: number) => next() < probability,
    below,
    pick: <T>(list: readonly T[]): T => list[below(list.length)]!,
    some: <T>(list: readonly T[], probability = 0.5): T[] =>
      list.filter(() => next() < probability),
  };
}
export type Random = ReturnType<typeof randomOf>;
