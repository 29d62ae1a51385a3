/** Stores of released formats: each opens for ever, with everything in it. */

import { chmodSync, cpSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { openAccount } from '../../../client/engine/accounts.ts';
import { accountPaths, resolvePaths } from '../../../client/engine/paths.ts';
import { STORE_FORMAT } from '../../../client/store/migrations/index.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';

const fixtures = join(dirname(fileURLToPath(import.meta.url)), 'fixtures');

describe('stores of released formats', () => {
  const temporaryDirectory = temporaryDirectories();
  const names = readdirSync(fixtures).sort();

  it('are kept, one of each', () => {
    const expected = Array.from({ length: STORE_FORMAT }, (_, i) => `format-${i + 1}`);
    expect(names).to.deep.equal(expected);
  });

  for (const name of names) {
    it(`${name} opens, twice, and shows what was written`, async () => {
      const dataDirectory = join(await temporaryDirectory(), 'data');
      cpSync(join(fixtures, name), dataDirectory, { recursive: true });
      const paths = resolvePaths({}, { dataDirectory });
      // A checkout does not keep the rights of files.
      chmodSync(accountPaths(paths, 'alice').directory, 0o700);
      chmodSync(accountPaths(paths, 'alice').keyFile, 0o600);
      for (let i = 0; i < 2; i++) {
        const unlock = { keyFile: true } as const;
        const account = await openAccount({ paths, name: 'alice', unlock, connect: false });
        const lines = await account.query({ type: 'history', who: 'bob' });
        const texts = lines.filter(({ kind }) => kind === 'text').map(({ from, text }) => `${from}: ${text}`);
        const expected = ['alice: hello bob', 'alice: first', 'bob: second', 'alice: third, still waiting'];
        expect(texts).to.deep.equal(expected);
        expect((await account.query({ type: 'outbox' })).map(({ text }) => text)).to.deep.equal([
          'third, still waiting',
        ]);
        const [contact] = await account.query({ type: 'contacts' });
        expect([contact?.name, contact?.state]).to.deep.equal(['bob', 'accepted']);
        await account.close();
      }
    });
  }
});
