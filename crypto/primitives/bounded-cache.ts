/** A map that forgets its least recently used entry when it is full. */
export class BoundedCache<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The cached value, or the one that `make` returns, which is then cached. */
  get(key: string, make: () => Value): Value {
    const cached = this.#entries.get(key);
    const value = cached ?? make();
    if (cached !== undefined) this.#entries.delete(key);
    else if (this.#entries.size >= this.#capacity) this.#forgetOldest();
    this.#entries.set(key, value);
    return value;
  }

  #forgetOldest(): void {
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }
}
