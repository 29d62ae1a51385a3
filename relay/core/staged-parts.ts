/** Parts of a delivery that came ahead of it, kept for a minute in memory. */

import type { Random } from '../../crypto/random.ts';
import { relayError } from '../protocol/errors.ts';
import { ACCOUNT_MAX_DEVICES, STAGE_EXPIRY_MS } from '../protocol/limits.ts';
import { binaryText } from './map-keys.ts';

interface Part {
  readonly capability: string;
  readonly bytes: Uint8Array;
  readonly expiresMs: number;
}

const HANDLE_BYTES = 16;
const RETRY_MS = 5_000;

export class StagedParts {
  readonly #maxBytes: number;
  readonly #random: Random;
  /** Oldest first, because all live equally long. */
  readonly #parts = new Map<string, Part>();
  readonly #perCapability = new Map<string, number>();
  #bytes = 0;

  constructor(maxBytes: number, random: Random) {
    this.#maxBytes = maxBytes;
    this.#random = random;
  }

  /** @throws RelayError `busy` when the memory for parts is used up, or a capability's share of it */
  put(capabilityHash: Uint8Array, bytes: Uint8Array, nowMs: number): Uint8Array {
    this.sweep(nowMs);
    const capability = binaryText(capabilityHash);
    const count = this.#perCapability.get(capability) ?? 0;
    // One part per device, and the same again for a repetition.
    if (count >= 2 * ACCOUNT_MAX_DEVICES || this.#bytes + bytes.length > this.#maxBytes) {
      throw relayError('busy', { retryAfterMs: RETRY_MS });
    }
    const handle = this.#random.draw('id', HANDLE_BYTES);
    // A copy: the bytes are a piece of a much larger frame.
    const part = { capability, bytes: bytes.slice(), expiresMs: nowMs + STAGE_EXPIRY_MS };
    this.#parts.set(binaryText(handle), part);
    this.#perCapability.set(capability, count + 1);
    this.#bytes += bytes.length;
    return handle;
  }

  /** @throws RelayError `unknown-handle` for one that is gone or belongs to another capability */
  get(capabilityHash: Uint8Array, handle: Uint8Array, nowMs: number): Uint8Array {
    const part = this.#parts.get(binaryText(handle));
    if (part === undefined || part.expiresMs <= nowMs || part.capability !== binaryText(capabilityHash)) {
      throw relayError('unknown-handle');
    }
    return part.bytes;
  }

  release(handle: Uint8Array): void {
    this.#drop(binaryText(handle));
  }

  sweep(nowMs: number): void {
    for (const [handle, { expiresMs }] of this.#parts) {
      if (expiresMs > nowMs) return;
      this.#drop(handle);
    }
  }

  #drop(handle: string): void {
    const part = this.#parts.get(handle);
    if (part === undefined) return;
    this.#parts.delete(handle);
    this.#bytes -= part.bytes.length;
    const left = (this.#perCapability.get(part.capability) ?? 1) - 1;
    if (left === 0) this.#perCapability.delete(part.capability);
    else this.#perCapability.set(part.capability, left);
  }
}
