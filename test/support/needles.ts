/** Looks for things that must not be somewhere, in every spelling in which they could be there. */

export interface Needle {
  /** What it is; never the thing itself. */
  readonly name: string;
  readonly bytes: Buffer;
}

export interface Finding {
  readonly name: string;
  readonly offset: number;
}

/** Shorter ones would be found in random bytes. */
const NEEDLE_MIN_BYTES = 8;
const PREFIX_BYTES = 3;

/** Many needles in one pass: a bitmap over their first bytes rules out nearly every place. */
export class Needles {
  readonly #first = new Uint8Array(1 << 24);
  readonly #byPrefix = new Map<number, Needle[]>();
  readonly count: number;

  constructor(needles: readonly Needle[]) {
    this.count = needles.length;
    for (const needle of needles) {
      if (needle.bytes.length < NEEDLE_MIN_BYTES) throw new Error(`${needle.name} is too short to look for`);
      const prefix = needle.bytes.readUIntBE(0, PREFIX_BYTES);
      this.#first[prefix] = 1;
      const others = this.#byPrefix.get(prefix);
      if (others === undefined) this.#byPrefix.set(prefix, [needle]);
      else others.push(needle);
    }
  }

  find(haystack: Uint8Array): Finding[] {
    const bytes = Buffer.from(haystack.buffer, haystack.byteOffset, haystack.length);
    const findings: Finding[] = [];
    let prefix = 0;
    for (let at = 0; at < bytes.length; at++) {
      prefix = ((prefix << 8) | (bytes[at] ?? 0)) & 0xffffff;
      if (this.#first[prefix] === 0) continue;
      const offset = at - PREFIX_BYTES + 1;
      for (const { name, bytes: needle } of this.#byPrefix.get(prefix) ?? []) {
        if (offset >= 0 && needle.equals(bytes.subarray(offset, offset + needle.length))) {
          findings.push({ name, offset });
        }
      }
    }
    return findings;
  }

  /** What is there, each name once. */
  namesIn(haystack: Uint8Array): readonly string[] {
    return [...new Set(this.find(haystack).map(({ name }) => name))].sort();
  }
}

/** Bytes as they are, in hex, and in base64 wherever they stand in it. */
export function spellings(name: string, bytes: Uint8Array): Needle[] {
  const raw = Buffer.from(bytes);
  const hex = raw.toString('hex');
  const base64 = [0, 1, 2].flatMap((shift) => {
    const core = base64Core(raw, shift);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const texts = [hex, hex.toUpperCase(), ...new Set(base64)].map((text) => Buffer.from(text));
  return [raw, ...texts].map((each) => ({ name, bytes: each }));
}

/** Also as UTF-16, as programs keep text in memory. */
export function textSpellings(name: string, text: string): Needle[] {
  return [...spellings(name, Buffer.from(text)), { name, bytes: Buffer.from(text, 'utf16le') }];
}

/** The characters that depend on these bytes alone, when `shift` other bytes stand before them. */
function base64Core(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const start = shift === 0 ? 0 : shift + 1;
  const isCut = (shift + bytes.length) % 3 !== 0;
  return text.slice(start, isCut ? -1 : undefined);
}
