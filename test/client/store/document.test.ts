/** Holds part 2 of docs/at-rest.md and the code together: every table, every field, every example. */

import { expect } from 'chai';
import { allLogs, allTables } from '../../../client/core/tables/index.ts';
import { cursorsTable } from '../../../client/core/tables/talk.ts';
import { systemRandom } from '../../../client/engine/random.ts';
import { logKey, rowKey, STORE_TABLE } from '../../../client/store/keyspace.ts';
import { STORE_FORMAT } from '../../../client/store/migrations/index.ts';
import { Sealing } from '../../../client/store/sealing.ts';
import { toHex, utf8 } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { Secret } from '../../../crypto/secret.ts';
import { readDocExamples } from '../../support/doc-examples.ts';
import { rowSchemas } from './row-schemas.ts';

describe('docs/at-rest.md, part 2', () => {
  const doc = readDocExamples('at-rest.md');
  const part = doc.text.slice(doc.text.indexOf('# Part 2'));
  const storeKey = new Secret(
    'StoreKey',
    Uint8Array.from({ length: 32 }, (_, i) => 0x40 + i),
  );

  before(ready);

  function rowsOf(header: string): readonly (readonly string[])[] {
    const table = part.slice(part.indexOf(header)).split('\n\n')[0] ?? '';
    const lines = table.split('\n').slice(2);
    return lines.map((line) => line.split('|').map((cell) => cell.trim()));
  }

  it('lists every stored table with its number and whether it is resident', () => {
    const listed = rowsOf('| number | table |').map(
      ([, number, name, , , resident]) => `${number} ${name} ${resident}`,
    );
    const stored = allTables
      .filter(({ volatile }) => !volatile)
      .map(({ number, name, resident }) => `${number} ${name} ${resident ? 'yes' : 'no'}`);
    expect([...listed].sort()).to.deep.equal([...stored].sort());
  });

  it('lists every log with its number', () => {
    const listed = rowsOf('| number | log |').map(([, number, name]) => `${number} ${name}`);
    expect([...listed].sort()).to.deep.equal(allLogs.map(({ number, name }) => `${number} ${name}`).sort());
  });

  it('has one number per table and log, and leaves the store its own', () => {
    const numbers = [...allTables, ...allLogs].map(({ number }) => number);
    expect(new Set(numbers).size).to.equal(numbers.length);
    expect(numbers).not.to.include(STORE_TABLE);
    for (const { number, volatile } of allTables) expect(volatile).to.equal(number >= 100);
  });

  it('lists every field with its number', () => {
    const [, listed = ''] = /```text row-fields\n([^`]*)```/.exec(part) ?? [];
    expect(listed.trim().split('\n')).to.deep.equal(rowSchemas());
  });

  it('names the format', () => {
    expect(part).to.contain(`Store format ${STORE_FORMAT}.`);
  });

  it('shows a sealed row that opens', () => {
    const sealing = new Sealing(storeKey, systemRandom());
    const key = doc.hex('cursor-key');
    expect(toHex(key)).to.equal(toHex(rowKey(storeKey, cursorsTable.number, utf8('receive'))));
    const [rowsKey, row] = sealing.openRow(cursorsTable, [key, doc.hex('cursor-value')]);
    expect(rowsKey).to.deep.equal(utf8('receive'));
    expect(row).to.deep.equal({ name: 'receive', position: 5 });
  });

  it('shows the key of a log entry', () => {
    const key = logKey(storeKey, 60, new Uint8Array(32).fill(0x11), 7);
    expect(toHex(doc.hex('history-key'))).to.equal(toHex(key));
  });
});
