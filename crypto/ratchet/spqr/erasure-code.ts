/**
 * The erasure code of the braid: a message of N chunks is sent as an endless sequence of chunks, any N of
 * which give it back. Column i of a chunk is the big-endian u16 at byte 2i; for each column one polynomial of
 * degree < N takes the data chunks' values at 0..N-1, and chunk k carries its value at k.
 *
 * Encoders and decoders are values: an operation returns a new one and shares the unchanged bytes.
 *
 * @see signal-wire, section 7.6
 */

import { assert } from '../../errors.ts';
import { CHUNK_BYTES, MAX_CHUNK_NUMBER, MAX_DATA_CHUNKS } from './constants.ts';
import { fieldTables, GROUP_ORDER } from './gf16.ts';
import type { Chunk } from './message.ts';

const COLUMNS = CHUNK_BYTES / 2;
/** A stored point is the chunk's number (u16) and its bytes. */
export const POINT_BYTES = 2 + CHUNK_BYTES;

export interface ChunkEncoder {
  readonly message: Uint8Array;
  /** Number of the chunk to send next. */
  readonly next: number;
}

export interface ChunkDecoder {
  /** How many distinct chunks make the message. */
  readonly needed: number;
  /** The chunks so far, `number u16 | chunk(32)` each, in order of arrival. */
  readonly points: Uint8Array;
}

export function startEncoder(message: Uint8Array): ChunkEncoder {
  return { message, next: 0 };
}

export function nextChunk(encoder: ChunkEncoder): { encoder: ChunkEncoder; chunk: Chunk } {
  const number = encoder.next;
  return {
    encoder: { message: encoder.message, next: number === MAX_CHUNK_NUMBER ? 0 : number + 1 },
    chunk: { number, data: chunkAt(encoder.message, number) },
  };
}

export function startDecoder(messageBytes: number): ChunkDecoder {
  return { needed: messageBytes / CHUNK_BYTES, points: new Uint8Array(0) };
}

export function chunkCount(decoder: ChunkDecoder): number {
  return decoder.points.length / POINT_BYTES;
}

/** Adds a chunk; the first value of a number wins, and a complete decoder takes no more. */
export function addChunk(decoder: ChunkDecoder, chunk: Chunk): ChunkDecoder {
  const { points, needed } = decoder;
  if (points.length >= needed * POINT_BYTES) return decoder;
  for (let offset = 0; offset < points.length; offset += POINT_BYTES) {
    if (numberAt(points, offset) === chunk.number) return decoder;
  }
  const grown = new Uint8Array(points.length + POINT_BYTES);
  grown.set(points);
  grown[points.length] = chunk.number >> 8;
  grown[points.length + 1] = chunk.number & 0xff;
  grown.set(chunk.data, points.length + 2);
  return { needed, points: grown };
}

/** @returns the message once enough distinct chunks are there. */
export function decodedMessage(decoder: ChunkDecoder): Uint8Array | undefined {
  const { points, needed } = decoder;
  if (points.length < needed * POINT_BYTES) return undefined;
  const numbers = new Uint16Array(needed);
  const values = new Uint8Array(needed * CHUNK_BYTES);
  const message = new Uint8Array(needed * CHUNK_BYTES);
  const present = new Uint8Array(needed);
  for (let i = 0; i < needed; i++) {
    const number = numberAt(points, i * POINT_BYTES);
    const data = points.subarray(i * POINT_BYTES + 2, (i + 1) * POINT_BYTES);
    numbers[i] = number;
    values.set(data, i * CHUNK_BYTES);
    if (number < needed) {
      message.set(data, number * CHUNK_BYTES);
      present[number] = 1;
    }
  }
  if (present.includes(0)) {
    const weights = barycentricWeights(numbers);
    for (let number = 0; number < needed; number++) {
      if (present[number] === 1) continue;
      message.set(interpolate(numbers, weights, values, number), number * CHUNK_BYTES);
    }
  }
  return message;
}

/** Chunk `number` of a message: a plain piece of it, or a parity chunk computed when it is asked for. */
export function chunkAt(message: Uint8Array, number: number): Uint8Array {
  const count = message.length / CHUNK_BYTES;
  if (number < count) return message.slice(number * CHUNK_BYTES, (number + 1) * CHUNK_BYTES);
  const nodes = dataNodes(count);
  return interpolate(nodes.numbers, nodes.weights, message, number);
}

interface Nodes {
  readonly numbers: Uint16Array;
  readonly weights: Int32Array;
}

/** By number of data chunks; the braid uses four different ones. */
const nodesByCount = new Map<number, Nodes>();

function dataNodes(count: number): Nodes {
  assert(Number.isInteger(count) && count >= 1 && count <= MAX_DATA_CHUNKS, 'transfer of an odd size');
  let nodes = nodesByCount.get(count);
  if (nodes === undefined) {
    const numbers = Uint16Array.from({ length: count }, (_, i) => i);
    nodes = { numbers, weights: barycentricWeights(numbers) };
    nodesByCount.set(count, nodes);
  }
  return nodes;
}

/** Logarithm of 1 / product over m != i of (x_i - x_m), for every i. */
function barycentricWeights(numbers: Uint16Array): Int32Array {
  const { log } = fieldTables();
  const weights = new Int32Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    let sum = 0;
    for (let m = 0; m < numbers.length; m++) {
      if (m !== i) sum += log[(numbers[i] as number) ^ (numbers[m] as number)] as number;
    }
    weights[i] = (GROUP_ORDER - (sum % GROUP_ORDER)) % GROUP_ORDER;
  }
  return weights;
}

/** All columns' polynomials through (numbers[i], values[i]) at x, which is none of the numbers. */
function interpolate(numbers: Uint16Array, weights: Int32Array, values: Uint8Array, x: number): Uint8Array {
  const { log, exp } = fieldTables();
  let nodeProduct = 0;
  for (const number of numbers) nodeProduct += log[x ^ number] as number;
  const sums = new Uint16Array(COLUMNS);
  for (let i = 0; i < numbers.length; i++) {
    const difference = log[x ^ (numbers[i] as number)] as number;
    const factor = (nodeProduct - difference + (weights[i] as number)) % GROUP_ORDER;
    for (let column = 0, offset = i * CHUNK_BYTES; column < COLUMNS; column++, offset += 2) {
      const value = ((values[offset] as number) << 8) | (values[offset + 1] as number);
      if (value !== 0) {
        sums[column] = (sums[column] as number) ^ (exp[factor + (log[value] as number)] as number);
      }
    }
  }
  const out = new Uint8Array(CHUNK_BYTES);
  for (let column = 0; column < COLUMNS; column++) {
    out[2 * column] = (sums[column] as number) >> 8;
    out[2 * column + 1] = (sums[column] as number) & 0xff;
  }
  return out;
}

function numberAt(points: Uint8Array, offset: number): number {
  return ((points[offset] as number) << 8) | (points[offset + 1] as number);
}
