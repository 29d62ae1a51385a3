import { BugError } from '../../../crypto/errors.ts';
import type { DrawName, Random } from '../../../crypto/random.ts';

/** Hands out recorded values by draw name and complains about any draw that was not recorded. */
export class RecordedRandom implements Random {
  readonly #values = new Map<DrawName, Uint8Array[]>();
  #keyPairs: Uint8Array[] = [];

  record(name: DrawName, value: Uint8Array): void {
    this.#values.set(name, [...(this.#values.get(name) ?? []), value]);
  }

  /** An ML-KEM decapsulation key in place of the seed that it came from. */
  recordKeyPair(decapsulationKey: Uint8Array): void {
    this.#keyPairs.push(decapsulationKey);
  }

  draw(name: DrawName, length: number): Uint8Array {
    const value = this.#values.get(name)?.shift();
    if (value === undefined || value.length !== length)
      throw new BugError('bug', `unexpected draw of ${name}`);
    return value.slice();
  }

  keyPair(): Uint8Array | undefined {
    return this.#keyPairs.shift();
  }

  /** How many recorded values were not drawn. */
  get left(): number {
    let count = this.#keyPairs.length;
    for (const values of this.#values.values()) count += values.length;
    return count;
  }
}
