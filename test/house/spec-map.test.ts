/**
 * docs/cryptography.md is the map from specifications to files and tests, and the list of every label. Here it
 * is compared with the sources in both directions, so that neither can change alone.
 */

import { expect } from 'chai';
import { pathsIn, readDocument, SOURCE_FILE, TEST_FILE, tableRows } from '../support/documents.ts';
import { sourcesUnder } from '../support/sources.ts';

const { text } = readDocument('docs/cryptography.md');
const sources = sourcesUnder('crypto', 'client', 'relay');
const crypto = sources.filter(({ path }) => path.startsWith('crypto/'));

/** Ours and Signal's, as string literals. */
const LABEL = /'(?:\\0)*((?:InteChat |Whisper[A-Z]|Signal PQ|Signal_P)[^'\\]*)(?:\\0)*'/g;
/** Every literal of crypto/ that becomes bytes is a label, whatever it begins with. */
const ENCODED = /\butf8\('(?:\\0)*([^'\\]+)(?:\\0)*'\)/g;
const DOMAIN = /\bconst \w*DOMAIN = '([^']+)'/g;

function matches(pattern: RegExp, source: string): readonly string[] {
  return [...source.matchAll(pattern)].map(([, match]) => match ?? '');
}

const labels = tableRows(text, 'label', 'construction', 'file').map(([label, construction, file]) => ({
  label: /`([^`]+)`/.exec(label ?? '')?.[1] ?? '',
  construction: construction ?? '',
  file: pathsIn(file, SOURCE_FILE)[0] ?? '',
}));
const domains = crypto.flatMap((source) => matches(DOMAIN, source.text));

describe('label table', () => {
  it('has every label of the sources', () => {
    const used = new Set([
      ...sources.flatMap((source) => matches(LABEL, source.text)),
      ...crypto.flatMap((source) => matches(ENCODED, source.text)),
      ...domains.map((domain) => `InteChat ${domain} v1`),
    ]);
    expect(used.size).to.be.greaterThan(30);
    const listed = new Set(labels.map(({ label }) => label));
    expect([...used].filter((label) => !listed.has(label))).to.deep.equal([]);
  });

  it('has no label that its file has not', () => {
    const wrong = labels.filter(({ label, construction, file }) => {
      const source = sources.find(({ path }) => path === file)?.text ?? '';
      if (!construction.startsWith('signature')) return !source.replaceAll('\\0', '').includes(`'${label}'`);
      return !matches(DOMAIN, source).some((domain) => label === `InteChat ${domain} v1`);
    });
    expect(wrong).to.deep.equal([]);
  });

  it('has no label twice, and none that begins another one of the same construction', () => {
    const kindOf = (construction: string): string => construction.split(/[,:]| before | after /)[0] ?? '';
    const clashes = labels.flatMap((a, index) =>
      labels
        .filter((b, other) => index !== other && kindOf(a.construction) === kindOf(b.construction))
        .filter((b) => b.label.startsWith(a.label))
        .map((b) => `${a.label} / ${b.label}`),
    );
    expect(clashes).to.deep.equal([]);
  });

  it('knows every domain that is signed under', () => {
    const call = /\b(?:signObject|verifyObject)\(\s*[\w.]+,\s*([\w'"`]+)/g;
    const used = crypto
      .filter(({ path }) => path !== 'crypto/keys/signature.ts')
      .flatMap((source) => matches(call, source.text));
    expect(used.length).to.be.at.least(9);
    expect(used.filter((domain) => !/^[A-Z]+_DOMAIN$/.test(domain))).to.deep.equal([]);
    expect(new Set(domains).size).to.equal(domains.length);
  });
});

describe('spec map', () => {
  it('names a source and a test in every row', () => {
    const rows = [
      ...tableRows(text, 'section', 'what', 'file', 'test'),
      ...tableRows(text, 'primitive', 'from', 'file', 'test').filter(([what]) => what !== 'randomness'),
    ];
    expect(rows.length).to.be.greaterThan(30);
    const bare = rows.filter(
      ([, , file, test]) => pathsIn(file, SOURCE_FILE).length === 0 || pathsIn(test, TEST_FILE).length === 0,
    );
    expect(bare.map(([what]) => what)).to.deep.equal([]);
  });

  it('has every file of the endpoint protocol but those that only serve others', () => {
    const rooms = /^crypto\/(primitives|keys|handshake|ratchet|session|trust|wire)\//;
    const helpers =
      /\/(index|constants|layout|refusal|secrets|state|bounded-cache|jwk|fixed-layout|protobuf|schema|[\w-]*-codec)\.ts$/;
    const missing = crypto
      .map(({ path }) => path)
      .filter((path) => rooms.test(path) && !helpers.test(path) && !text.includes(`\`${path}\``));
    expect(missing).to.deep.equal([]);
  });

  it('has every section of signal-wire that a comment cites', () => {
    const headings = new Set(matches(/^### (\d+(?:\.\d+)?)\.? /gm, text));
    const cited = crypto.flatMap((source) =>
      matches(/signal-wire,? sections? ((?:\d+(?:\.\d+)?(?:, | and )?)+)/g, source.text).flatMap((numbers) =>
        matches(/(\d+(?:\.\d+)?)/g, numbers),
      ),
    );
    expect(cited.length).to.be.greaterThan(25);
    expect([...new Set(cited)].filter((number) => !headings.has(number))).to.deep.equal([]);
  });
});
