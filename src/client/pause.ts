const FIRST_MS = 250;
const LONGEST_MS = 15_000;

/** Full jitter: anything up to twice the time before, so that many that failed at once do not return at once. */
export function pauseAfter(attempts: number, retryAfterSeconds: number | null = null): number {
  const spread = Math.min(FIRST_MS * 2 ** (attempts - 1), LONGEST_MS);
  return (retryAfterSeconds ?? 0) * 1000 + Math.random() * spread;
}

/** @throws the signal's reason */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
