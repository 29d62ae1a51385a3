import type { DrawName, Random } from '../../../crypto/random.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';

/** A source that draws the same bytes in every run; it counts what was drawn. */
export class SeededRandom implements Random {
  readonly draws: DrawName[] = [];
  readonly #label: string;

  constructor(label: string) {
    this.#label = label;
  }

  draw(name: DrawName, length: number): Uint8Array {
    const bytes = seededBytes(`${this.#label}/${this.draws.length}/${name}`, length);
    this.draws.push(name);
    return bytes;
  }
}
