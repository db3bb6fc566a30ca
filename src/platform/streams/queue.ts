/** What waits for one reader who takes it in its own time, up to a bound. */
export interface Queue<Item> extends AsyncIterable<Item> {
  /** False if nothing is taken any more: the reader is gone, or was too far behind. */
  push(item: Item): boolean;
  /** What waits is let go, for it may be taken back; the reader hears of the error, or of the end. */
  end(error?: Error): void;
}

/** `onClosed` is told once when nothing is taken any more, whoever ended it. */
export function createQueue<Item>(most: number, onClosed: () => void): Queue<Item> {
  const items: Item[] = [];
  let ending: { readonly error: Error | undefined } | undefined;
  let isOpen = true;
  let waiting: PromiseWithResolvers<IteratorResult<Item, undefined>> | undefined;
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    onClosed();
  };
  const done = { value: undefined, done: true } as const;

  /** A generator would not let go of a reader that waits. */
  const iterator: AsyncIterator<Item, undefined> = {
    async next() {
      if (items.length > 0) return { value: items.shift()!, done: false };
      if (!ending) {
        waiting = deferred();
        return waiting.promise;
      }
      const { error } = ending;
      ending = { error: undefined };
      if (error) throw error;
      return done;
    },
    async return() {
      finish();
      return done;
    },
  };

  function finish(error?: Error): void {
    items.length = 0;
    if (!ending) {
      ending = { error };
      if (error && waiting) {
        ending = { error: undefined };
        waiting.reject(error);
      } else waiting?.resolve(done);
      waiting = undefined;
    }
    close();
  }

  return {
    push(item) {
      if (!isOpen) return false;
      if (waiting) {
        waiting.resolve({ value: item, done: false });
        waiting = undefined;
        return true;
      }
      if (items.length >= most) {
        finish();
        return false;
      }
      items.push(item);
      return true;
    },
    end: finish,
    [Symbol.asyncIterator]: () => iterator,
  };
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

function deferred<T>(): PromiseWithResolvers<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}
