import type { DrawName, Random } from '../../crypto/random.ts';
import { seededBytes } from './seeded-bytes.ts';

/** Randomness that is the same in every run of the same label; counts what was drawn under which name. */
export class SeededRandom implements Random {
  readonly drawn: DrawName[] = [];
  readonly #label: string;

  constructor(label: string) {
    this.#label = label;
  }

  draw(name: DrawName, length: number): Uint8Array {
    this.drawn.push(name);
    return seededBytes(`${this.#label}/${this.drawn.length}/${name}`, length);
  }
}
