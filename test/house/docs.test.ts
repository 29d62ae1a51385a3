/**
 * What the documents claim about the tree is checked against the tree: links lead somewhere, named files
 * exist, and every "cannot" of the threat model has a test.
 */

import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { expect } from 'chai';
import {
  brokenLinksOf,
  documentsIn,
  linksOf,
  namedPathsOf,
  pathsIn,
  readDocument,
  TEST_FILE,
  tableRows,
} from '../support/documents.ts';
import { root } from '../support/sources.ts';

/** A reader decides within two screens whether to go on. */
const README_MAX_LINES = 150;
const REQUIRED = [
  ...['README', 'CHANGELOG', 'CONTRIBUTING', 'SECURITY', 'architecture', 'at-rest', 'cli', 'cryptography'],
  ...['errors', 'glossary', 'known-weaknesses', 'relay-operations', 'threat-model', 'wire-content'],
  'wire-relay',
].map((name) => `docs/${name}.md`);

const readme = readDocument('README.md');
const decisions = documentsIn('docs/decisions');
const documents = [readme, ...documentsIn('docs')];
const all = [...documents, ...decisions];

describe('documents', () => {
  it('are all there', () => {
    const missing = ['README.md', 'LICENSE', ...REQUIRED].filter((path) => !existsSync(join(root, path)));
    expect(missing).to.deep.equal([]);
  });

  it(`begin with a README of at most ${README_MAX_LINES} lines`, () => {
    expect(readme.text).to.match(/^# InteChat\n/);
    expect(readme.text.trimEnd().split('\n').length).to.be.at.most(README_MAX_LINES);
  });

  it('link to files and headings that exist', () => {
    const broken = all.flatMap((document) =>
      brokenLinksOf(document).map((link) => `${document.path}: ${link}`),
    );
    expect(broken).to.deep.equal([]);
  });

  it('name only files and folders that exist', () => {
    const missing = documents
      .filter(({ path }) => path !== 'docs/CHANGELOG.md')
      .flatMap((document) => namedPathsOf(document).map((path) => ({ in: document.path, path })))
      .filter(({ path }) => !existsSync(join(root, path)));
    expect(missing).to.deep.equal([]);
  });

  it('name no path of a machine', () => {
    const machine = /(^|[^\w.~$-])\/(home|root|work|Users)\/|[A-Z]:\\Users|file:\/\//m;
    expect(all.filter(({ text }) => machine.test(text)).map(({ path }) => path)).to.deep.equal([]);
  });

  it('are all in the index, and so is every decision', () => {
    const linked = new Set(linksOf(readDocument('docs/README.md')).map((link) => posix.join('docs', link)));
    const wanted = all.map(({ path }) => path).filter((path) => path.startsWith('docs/'));
    expect(wanted.filter((path) => path !== 'docs/README.md' && !linked.has(path))).to.deep.equal([]);
  });

  it('are found out when a link or a heading is missing', () => {
    const text = '# One\n[a](nowhere.md) [b](#two) [c](#one) [d](SECURITY.md) [e](../../out.md)\n';
    const planted = { path: 'docs/planted.md', text };
    expect(brokenLinksOf(planted)).to.deep.equal(['nowhere.md', '#two', '../../out.md']);
  });
});

describe('decision notes', () => {
  it('are numbered from 1 without a gap, each under its number and title', () => {
    const wrong = decisions.filter(({ path, text }, index) => {
      const number = String(index + 1).padStart(4, '0');
      return !posix.basename(path).startsWith(`${number}-`) || !text.startsWith(`# ${number} `);
    });
    expect(wrong.map(({ path }) => path)).to.deep.equal([]);
  });

  it('say what follows', () => {
    const wrong = decisions.filter(({ text }) => !text.includes('**Consequences.**'));
    expect(wrong.map(({ path }) => path)).to.deep.equal([]);
  });
});

describe('threat model', () => {
  it('names a test for everything that somebody cannot do', () => {
    const rows = tableRows(readDocument('docs/threat-model.md').text, 'cannot', 'test');
    expect(rows.length).to.be.greaterThan(30);
    const bare = rows.filter(([, tests]) => pathsIn(tests, TEST_FILE).length === 0);
    expect(bare.map(([claim]) => claim)).to.deep.equal([]);
  });
});
