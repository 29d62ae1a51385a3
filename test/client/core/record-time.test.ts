/** What a new account tells the world about the moment it was made. */

import { expect } from 'chai';
import { createAccount } from '../../../client/core/registration.ts';
import { chainsTable } from '../../../client/core/tables/people.ts';
import { decodeAccountRecord, decodeSignedRecord } from '../../../crypto/account/record-codec.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const DAY_MS = 86_400_000;

describe('the first record of an account', () => {
  before(ready);

  it('names the day on which it was made, and no finer time', () => {
    const midnightMs = 20_000 * DAY_MS;
    const { writes } = createAccount({
      username: 'alice',
      relay: { fingerprint: new Uint8Array(32).fill(1), host: '127.0.0.1', port: 7443 },
      hasPassphrase: false,
      nowMs: midnightMs + 45_296_789,
      random: new SeededRandom('record time'),
    });
    const chains = writes.flatMap((write) =>
      write.kind === 'put' && write.table.name === chainsTable.name
        ? [write.row as { records: Uint8Array[] }]
        : [],
    );
    const [record] = chains.flatMap(({ records }) => records);
    const { body } = decodeSignedRecord(record ?? new Uint8Array(0));
    expect(decodeAccountRecord(body).timeMs).to.equal(midnightMs);
  });
});
