/** Auth keys: slow to check, and as slow for names that nobody has. */

import type { Random } from '../../crypto/random.ts';
import { relayError } from '../protocol/errors.ts';
import { AUTH_KEY_TEXT_BYTES } from '../protocol/limits.ts';
import type { PasswordPort } from './ports.ts';

const AUTH_KEY_BYTES = 32;
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** 43 characters are 258 bits: the last two bits of a 32-byte key's base64 are zero. */
const AUTH_KEY = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]$/;

export class Passwords {
  readonly #port: PasswordPort;
  readonly #random: Random;
  /** A hash of a key that nobody knows, made once; checking against it takes as long as against any other. */
  #decoy: Promise<string> | undefined;

  constructor(port: PasswordPort, random: Random) {
    this.#port = port;
    this.#random = random;
  }

  /** @throws RelayError `bad-request` unless it is base64 of 32 bytes, `busy` */
  hash(authKey: string): Promise<string> {
    requireAuthKey(authKey);
    return this.#port.hash(authKey);
  }

  /**
   * @param hash - undefined for an unknown name or an account without auth key: the same work, then false
   * @throws RelayError `busy`
   */
  async verify(authKey: string, hash: string | undefined): Promise<boolean> {
    requireAuthKey(authKey);
    const matches = await this.#port.verify(authKey, hash ?? (await this.#decoyHash()));
    return hash !== undefined && matches;
  }

  /** Makes the decoy before the first login needs it. */
  async prepare(): Promise<void> {
    await this.#decoyHash();
  }

  async #decoyHash(): Promise<string> {
    this.#decoy ??= this.#port.hash(randomAuthKey(this.#random));
    try {
      return await this.#decoy;
    } catch (error) {
      this.#decoy = undefined;
      throw error;
    }
  }
}

function requireAuthKey(authKey: string): void {
  if (authKey.length !== AUTH_KEY_TEXT_BYTES || !AUTH_KEY.test(authKey)) throw relayError('bad-request');
}

function randomAuthKey(random: Random): string {
  const bytes = random.draw('salt', AUTH_KEY_BYTES);
  let text = '';
  for (let bit = 0; bit < 8 * AUTH_KEY_BYTES; bit += 6) {
    const pair = ((bytes[bit >> 3] as number) << 8) | (bytes[(bit >> 3) + 1] ?? 0);
    text += BASE64[(pair >> (10 - (bit & 7))) & 0x3f];
  }
  return text;
}
