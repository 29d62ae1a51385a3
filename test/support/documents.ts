/** The project's documents, their links, tables and the paths they name, for the tests that hold them to the tree. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { root } from './sources.ts';

export interface Document {
  /** From the repository root. */
  readonly path: string;
  readonly text: string;
}

export const TEST_FILE = /^test\/.*\.test\.ts$/;
export const SOURCE_FILE = /^(client|crypto|relay)\/.*\.ts$/;
const NAMED_PATH = /^(\.ci|client|crypto|docs|relay|test)\/[\w./-]*$/;

/** Empty when there is no such file: that one is missing is said by a test of its own. */
export function readDocument(path: string): Document {
  const file = join(root, path);
  return { path, text: existsSync(file) ? readFileSync(file, 'utf8') : '' };
}

export function documentsIn(folder: string): readonly Document[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => readDocument(`${folder}/${name}`));
}

/** Fenced blocks hold output and bytes, where brackets and slashes mean something else. */
function withoutFences(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '');
}

export function linksOf({ text }: Document): readonly string[] {
  return [...withoutFences(text).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
}

/** Links to files or headings that are not there. Those that leave the repository are not followed. */
export function brokenLinksOf(document: Document): readonly string[] {
  return linksOf(document)
    .filter((link) => !/^(https?|mailto):/.test(link))
    .filter((link) => {
      const [file = '', anchor] = link.split('#');
      const path = file === '' ? document.path : posix.join(dirname(document.path), file);
      if (file !== '' && (path.startsWith('..') || !existsSync(join(root, path)))) return true;
      if (anchor === undefined || !path.endsWith('.md')) return false;
      const { text } = file === '' ? document : readDocument(path);
      return !anchorsOf(text).has(anchor);
    });
}

function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...withoutFences(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => heading ?? '');
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Paths of this repository in code spans, such as `crypto/bytes.ts` and `relay/core/`. */
export function namedPathsOf({ text }: Document): readonly string[] {
  return pathsIn(withoutFences(text), NAMED_PATH);
}

export function pathsIn(text: string | undefined, pattern: RegExp): readonly string[] {
  const spans = [...(text ?? '').matchAll(/`([^`\n]+)`/g)].map(([, span]) => span ?? '');
  return spans.filter((span) => pattern.test(span));
}

/** The rows of every table whose head is exactly this. */
export function tableRows(text: string, ...head: readonly string[]): readonly (readonly string[])[] {
  const rows: (readonly string[])[] = [];
  let isInside = false;
  for (const line of withoutFences(text).split('\n')) {
    const cells = line.startsWith('|') ? cellsOf(line) : [];
    if (cells.join('|') === head.join('|')) isInside = true;
    else if (cells.length === 0) isInside = false;
    else if (isInside && !cells.every((cell) => /^-+$/.test(cell))) rows.push(cells);
  }
  return rows;
}

function cellsOf(line: string): readonly string[] {
  return line
    .slice(1, line.lastIndexOf('|'))
    .split('|')
    .map((cell) => cell.trim());
}
