/**
 * Notices when a WebSocket message has begun and does not end. The WebSocket library only speaks of whole
 * messages; this reads the frame headers of the same byte stream beside it and nothing else.
 *
 * @see RFC 6455, section 5.2
 */

const HEADER_MAX_BYTES = 14;
const FIN = 0x80;
const MASKED = 0x80;
const CONTROL = 0x08;

export class MessageWatch {
  readonly #header = new Uint8Array(HEADER_MAX_BYTES);
  #headerBytes = 0;
  #payloadLeft = 0;
  #inFrame = false;
  #inMessage = false;
  #messages = 0;

  /** A message or a frame has begun and not ended. */
  get pending(): boolean {
    return this.#inMessage || this.#inFrame || this.#headerBytes > 0;
  }

  /** Rises with every complete message, so that a later pending one is told from an earlier one. */
  get completed(): number {
    return this.#messages;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#inFrame) {
        const taken = Math.min(this.#payloadLeft, chunk.length - at);
        this.#payloadLeft -= taken;
        at += taken;
      } else {
        this.#header[this.#headerBytes++] = chunk[at++] as number;
        if (this.#headerBytes < this.#headerLength()) continue;
        this.#beginFrame();
      }
      if (this.#payloadLeft === 0) this.#endFrame();
    }
  }

  #headerLength(): number {
    if (this.#headerBytes < 2) return 2;
    const second = this.#header[1] as number;
    const length = second & 0x7f;
    const extended = length === 126 ? 2 : length === 127 ? 8 : 0;
    return 2 + extended + ((second & MASKED) === 0 ? 0 : 4);
  }

  #beginFrame(): void {
    const length = (this.#header[1] as number) & 0x7f;
    const view = new DataView(this.#header.buffer);
    if (length === 126) this.#payloadLeft = view.getUint16(2);
    // A length above 2^53 loses its low bits; the library has closed such a connection long before.
    else if (length === 127) this.#payloadLeft = Number(view.getBigUint64(2));
    else this.#payloadLeft = length;
    this.#inFrame = true;
    const opcode = (this.#header[0] as number) & 0x0f;
    if (opcode < CONTROL) this.#inMessage = true;
  }

  #endFrame(): void {
    const first = this.#header[0] as number;
    if ((first & 0x0f) < CONTROL && (first & FIN) !== 0) this.#inMessage = false;
    // A ping between two fragments does not end the message around it.
    if (!this.#inMessage) this.#messages++;
    this.#inFrame = false;
    this.#headerBytes = 0;
  }
}
