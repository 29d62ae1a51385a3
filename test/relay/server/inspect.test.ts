import { expect } from 'chai';
import { formatAccountId } from '../../../crypto/account/account-id.ts';
import { toHex } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { inspectAccount } from '../../../relay/server/inspect.ts';
import { MemoryDisk, openMemoryStore } from '../../../relay/store/memory.ts';
import type { RelayStore } from '../../../relay/store/store.ts';
import { makeTestAccount } from '../../support/accounts.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { DAY, deliveryTo, newAccount } from '../store/samples.ts';

describe('inspection of an account', () => {
  let store: RelayStore;
  let account: Uint8Array;

  before(async () => {
    await ready();
    const { accountId } = makeTestAccount('alice').chain;
    account = accountId;
    store = openMemoryStore(new MemoryDisk());
    await store.createAccount(newAccount('alice', { account }));
    await store.appendMailbox(deliveryTo('alice', 'first', { account }));
  });

  it('tells what the relay holds, by day and by number', async () => {
    expect(await inspectAccount(store, 'alice')).to.deep.equal({
      username: 'alice',
      account: formatAccountId(makeTestAccount('alice').chain.accountId),
      created: new Date(DAY * 86_400_000).toISOString().slice(0, 10),
      listed: true,
      passphrase: true,
      recordSequence: 0,
      devices: [{ id: 1, oneTimePreKeys: 3, oneTimeKemPreKeys: 3, messages: 1, bytes: 100 }],
      sessions: [{ device: 1, created: '2024-10-04', lastUsed: '2024-10-04' }],
    });
  });

  it('shows no hash, no token, no key and no byte of a message', async () => {
    const shown = JSON.stringify(await inspectAccount(store, 'alice'));
    expect(shown).to.not.include('$2b$');
    const { record, preKeys, session } = newAccount('alice');
    const { devices } = deliveryTo('alice', 'first');
    for (const bytes of [
      record.bytes,
      session.tokenHash,
      preKeys.signedPreKey?.publicKey,
      devices[0]?.bytes,
    ]) {
      expect(shown).to.not.include(toHex(bytes ?? new Uint8Array()).slice(0, 16));
    }
  });

  it('finds the account by any spelling of its name, and nobody by a name that none can have', async () => {
    expect((await inspectAccount(store, 'ＡＬＩＣＥ')).username).to.equal('alice');
    for (const name of ['bob', '', 'x', 'all', 'a\u0000b', '../store', 'a'.repeat(10_000)]) {
      expect(await rejectionOf(inspectAccount(store, name)), name.slice(0, 20)).to.equal('not-found');
    }
  });
});
