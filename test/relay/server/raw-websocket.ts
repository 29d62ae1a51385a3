import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface RawFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export interface FrameOptions {
  readonly fin?: boolean;
  readonly masked?: boolean;
  /** Reserved bits, as compression would set them. */
  readonly reserved?: number;
  /** What the header claims, when it is not the truth. */
  readonly claimedLength?: number;
}

/** One client frame, byte by byte as wrong as the test wants it. The mask is zero: it changes nothing. */
export function rawFrame(
  opcode: number,
  payload: Uint8Array | string = '',
  { fin = true, masked = true, reserved = 0, claimedLength }: FrameOptions = {},
): Buffer {
  const body = Buffer.from(payload);
  const length = claimedLength ?? body.length;
  const extended = length > 0xffff ? 8 : length > 125 ? 2 : 0;
  const header = Buffer.alloc(2 + extended + (masked ? 4 : 0));
  header[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  header[1] = (masked ? 0x80 : 0) | (extended === 8 ? 127 : extended === 2 ? 126 : length);
  if (extended === 2) header.writeUInt16BE(length, 2);
  if (extended === 8) header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, body]);
}

/** A WebSocket client that does what it is told and nothing by itself: no pong, no close frame back. */
export class RawWebSocket {
  readonly socket: Socket;
  readonly frames: RawFrame[] = [];
  /** The close code that the server sent, undefined while it sent none. */
  closeCode: number | undefined;
  onPing: (ping: RawFrame) => void = () => {};
  readonly #waiting: (() => void)[] = [];
  #buffer: Buffer;

  constructor(socket: Socket, head: Buffer) {
    this.socket = socket;
    this.#buffer = head;
    this.#parse();
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#parse();
    });
    socket.on('close', () => this.#wake());
  }

  send(...bytes: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  /** The code of the server's close frame, or 1006 when the connection just ends. */
  async closed(): Promise<number> {
    while (this.closeCode === undefined && !this.socket.destroyed) await this.#change();
    return this.closeCode ?? 1_006;
  }

  async frame(index: number): Promise<RawFrame> {
    while (this.frames.length <= index && !this.socket.destroyed) await this.#change();
    const frame = this.frames[index];
    if (frame === undefined) throw new Error(`the server sent only ${this.frames.length} frames`);
    return frame;
  }

  destroy(): void {
    this.socket.destroy();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #parse(): void {
    for (;;) {
      const frame = this.#take();
      if (frame === undefined) break;
      if (frame.opcode === OPCODE.close)
        this.closeCode = frame.payload.length < 2 ? 1_005 : frame.payload.readUInt16BE(0);
      else this.frames.push(frame);
      if (frame.opcode === OPCODE.ping) this.onPing(frame);
    }
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #take(): RawFrame | undefined {
    const buffer = this.#buffer;
    if (buffer.length < 2) return undefined;
    const short = (buffer[1] ?? 0) & 0x7f;
    const start = 2 + (short === 127 ? 8 : short === 126 ? 2 : 0);
    if (buffer.length < start) return undefined;
    const length =
      short === 127 ? Number(buffer.readBigUInt64BE(2)) : short === 126 ? buffer.readUInt16BE(2) : short;
    if (buffer.length < start + length) return undefined;
    this.#buffer = buffer.subarray(start + length);
    return { opcode: (buffer[0] ?? 0) & 0x0f, payload: buffer.subarray(start, start + length) };
  }
}

/** Upgrades and speaks raw frames from then on. */
export async function openRawWebSocket(
  port: number,
  headers: readonly string[] = [],
  path = '/v1',
): Promise<RawWebSocket> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  socket.on('error', () => {});
  socket.write(upgradeRequest(path, headers));
  let answer = Buffer.alloc(0);
  while (!answer.includes('\r\n\r\n')) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    answer = Buffer.concat([answer, chunk]);
  }
  const end = answer.indexOf('\r\n\r\n') + 4;
  const head = answer.subarray(0, end).toString('latin1');
  if (!head.startsWith('HTTP/1.1 101')) throw new Error(`no upgrade: ${head.split('\r\n')[0]}`);
  return new RawWebSocket(socket, answer.subarray(end));
}

export function upgradeRequest(path: string, headers: readonly string[] = []): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: relay',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
    '\r\n',
  ].join('\r\n');
}
