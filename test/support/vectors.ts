import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A file of test/vectors/signal, taken to have the shape that the test states. */
export function readSignalVectors<Shape>(name: string): Shape {
  const path = fileURLToPath(new URL(`../vectors/signal/${name}.json`, import.meta.url));
  return JSON.parse(readFileSync(path, 'utf8')) as Shape;
}
