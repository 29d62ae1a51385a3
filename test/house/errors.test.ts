/** docs/errors.md and the sources name the same codes, and the exit codes that the table shows are the program's. */

import { expect } from 'chai';
import { exitCodeOf } from '../../client/cli/exit-codes.ts';
import * as classes from '../../crypto/errors.ts';
import { readDocument } from '../support/documents.ts';
import { errorsIn, raisedCodes, raisedErrors } from '../support/error-codes.ts';
import { sourcesUnder } from '../support/sources.ts';

const ROW = /^\| `([a-z][a-z0-9-]*)` \| (?:(\d+(?:, \d+)*) \| )?([^|]+) \| ([^|]+) \|$/gm;

interface Row {
  readonly code: string;
  readonly exits: readonly number[] | undefined;
  readonly meaning: string;
  readonly remedy: string;
}

/** Without the reasons at the end, which are words of another kind. */
const [tables = ''] = readDocument('docs/errors.md').text.split('## Reasons');
const rows: readonly Row[] = [...tables.matchAll(ROW)].map(
  ([, code = '', exit, meaning = '', remedy = '']) => ({
    code,
    exits: exit?.split(', ').map(Number),
    meaning: meaning.trim(),
    remedy: remedy.trim(),
  }),
);
const listed = rows.map(({ code }) => code);
const raised = raisedErrors();
const codes = raisedCodes();

/** A reader that went away is no failure: the program ends with 0. */
const QUIET = 'output-closed';

describe('error codes', () => {
  it('are found in the sources', () => {
    expect(codes.length).to.be.greaterThan(150);
    expect(codes).to.include.members(['usage', 'queued', 'mailbox-full', 'truncated', 'bad-record-chain']);
  });

  it('of the sources are all in docs/errors.md', () => {
    expect(codes.filter((code) => !listed.includes(code))).to.deep.equal([]);
  });

  it('of docs/errors.md are all in the sources, each listed once', () => {
    expect(listed.filter((code) => !codes.includes(code))).to.deep.equal([]);
    expect(listed.filter((code, at) => listed.indexOf(code) !== at)).to.deep.equal([]);
  });

  it('have a meaning, and a remedy that is more than the meaning', () => {
    for (const { code, meaning, remedy } of rows) {
      expect(meaning.length, code).to.be.greaterThan(3);
      expect(remedy.length, code).to.be.greaterThan(3);
      expect(meaning, code).to.not.equal(remedy);
    }
  });

  it('lead to the exit codes that the tables show', () => {
    for (const { code, exits: shown } of rows) {
      if (shown === undefined) continue;
      const names = raised.filter((each) => each.code === code).map(({ className }) => className);
      const exits = names.map((name) => {
        const Class = Object.entries(classes).find(
          ([each]) => each === name,
        )?.[1] as typeof classes.ChatError;
        return exitCodeOf(new (Class ?? classes.ChatError)(code, ''));
      });
      expect(code === QUIET ? [0] : [...new Set(exits)], code).to.have.members(shown);
    }
  });

  it('of the command line and the local socket are looked at by a test', () => {
    const tests = sourcesUnder('test')
      .map(({ text }) => text)
      .join('\n');
    const own = sourcesUnder('client/cli', 'client/api')
      .filter(({ path }) => !/\/demo(\/|\.)/.test(path))
      .flatMap(errorsIn)
      .map(({ code }) => code);
    expect([...new Set(own)].filter((code) => !tests.includes(`'${code}'`))).to.deep.equal([]);
  });

  it('are found out when one is planted', () => {
    const text =
      "throw new UsageError(\n  'planted-code',\n  'x');\nclass A extends StoreError { constructor() { super('planted-too', 'y'); } }";
    expect(errorsIn({ path: 'client/planted.ts', text }).map(({ code }) => code)).to.include.members([
      'planted-code',
      'planted-too',
    ]);
  });
});
