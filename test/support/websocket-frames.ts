/** Reads one direction of a WebSocket connection as bytes on the wire: the HTTP head, then messages. */

const HEAD_END = Buffer.from('\r\n\r\n');
const OPCODE_CONTINUATION = 0;
const OPCODE_BINARY = 2;

interface WireFrame {
  readonly opcode: number;
  readonly isLast: boolean;
  readonly payload: Buffer;
  readonly sizeBytes: number;
}

/** Gives the payloads of binary messages, unmasked and joined; control frames are left out. */
export class WebSocketReader {
  #buffer: Buffer = Buffer.alloc(0);
  #head: string | undefined;
  #parts: Buffer[] = [];

  /** The HTTP request or answer, once it is complete. */
  get head(): string | undefined {
    return this.#head;
  }

  push(chunk: Buffer): readonly Buffer[] {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    if (this.#head === undefined && !this.#takeHead()) return [];
    const messages: Buffer[] = [];
    for (let frame = readFrame(this.#buffer); frame !== undefined; frame = readFrame(this.#buffer)) {
      this.#buffer = this.#buffer.subarray(frame.sizeBytes);
      if (frame.opcode !== OPCODE_BINARY && frame.opcode !== OPCODE_CONTINUATION) continue;
      this.#parts.push(frame.payload);
      if (!frame.isLast) continue;
      messages.push(Buffer.concat(this.#parts));
      this.#parts = [];
    }
    return messages;
  }

  #takeHead(): boolean {
    const end = this.#buffer.indexOf(HEAD_END);
    if (end < 0) return false;
    this.#head = this.#buffer.toString('latin1', 0, end);
    this.#buffer = this.#buffer.subarray(end + HEAD_END.length);
    return true;
  }
}

/** RFC 6455, section 5.2. @returns undefined while the frame is not complete. */
function readFrame(buffer: Buffer): WireFrame | undefined {
  if (buffer.length < 2) return undefined;
  const first = buffer.readUInt8(0);
  const second = buffer.readUInt8(1);
  let length = second & 0x7f;
  let at = 2;
  if (length === 126) {
    if (buffer.length < 4) return undefined;
    length = buffer.readUInt16BE(2);
    at = 4;
  } else if (length === 127) {
    if (buffer.length < 10) return undefined;
    length = Number(buffer.readBigUInt64BE(2));
    at = 10;
  }
  const isMasked = (second & 0x80) !== 0;
  const start = at + (isMasked ? 4 : 0);
  const sizeBytes = start + length;
  if (buffer.length < sizeBytes) return undefined;
  const payload = Buffer.from(buffer.subarray(start, sizeBytes));
  if (isMasked) {
    for (let i = 0; i < payload.length; i++)
      payload[i] = payload.readUInt8(i) ^ buffer.readUInt8(at + (i % 4));
  }
  return { opcode: first & 0x0f, isLast: (first & 0x80) !== 0, payload, sizeBytes };
}
