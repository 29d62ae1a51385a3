import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { accountFacts, createAccount } from '../../../client/core/registration.ts';
import {
  currentAccount,
  findAccount,
  listAccounts,
  noteAccount,
  rememberedRelay,
  useAccount,
} from '../../../client/engine/account-index.ts';
import {
  createAccountStore,
  makeLock,
  openAccountStore,
  removeAccountStore,
  type UnlockSource,
} from '../../../client/engine/account-store.ts';
import { accountPaths, type Paths, resolvePaths } from '../../../client/engine/paths.ts';
import { systemRandom } from '../../../client/engine/random.ts';
import { deriveRecoveryWrapKey, parseRecoveryWords } from '../../../crypto/account/recovery.ts';
import { utf8 } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { Secret } from '../../../crypto/secret.ts';
import {
  decodeStoreHeader,
  encodeStoreHeader,
  findWrap,
  removeWrap,
} from '../../../crypto/vault/store-header.ts';
import { unwrapStoreKey } from '../../../crypto/vault/store-key.ts';
import { quickStretcher } from '../../support/quick-stretcher.ts';
import { refusalOf } from '../../support/refusal.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';

const random = systemRandom();
const relay = { fingerprint: new Uint8Array(32).fill(7), host: '127.0.0.1', port: 7443 };
const keyFile: UnlockSource = { keyFile: true };

function passphrase(text: string): UnlockSource {
  return { passphrase: new Secret('Passphrase', utf8(text)) };
}

describe('account directory', () => {
  const temporaryDirectory = temporaryDirectories();
  let paths: Paths;
  let umask: number;

  before(() => ready());

  beforeEach(async () => {
    paths = resolvePaths({ INTECHAT_DATA_DIR: join(await temporaryDirectory(), 'data') });
    umask = process.umask(0);
  });

  afterEach(() => process.umask(umask));

  async function make(name: string, unlock: UnlockSource): Promise<readonly string[]> {
    const { lock } = await makeLock(unlock, { random, stretcher: quickStretcher }, []);
    const hasPassphrase = 'passphrase' in unlock;
    const created = createAccount({ username: name, relay, hasPassphrase, nowMs: 1_700_000_000_000, random });
    const { writes, recoverySecret, recoveryWords } = created;
    const store = await createAccountStore({ paths, name, lock, recoverySecret, writes, random });
    expect(accountFacts(store)?.username).to.equal(name);
    await store.close();
    return recoveryWords;
  }

  async function open(name: string, unlock: UnlockSource): Promise<string | undefined> {
    const { store } = await openAccountStore({ paths, name, unlock, random, stretcher: quickStretcher });
    const username = accountFacts(store)?.username;
    await store.close();
    return username;
  }

  it('is made for the owner alone and opens with its passphrase', async () => {
    await make('alice', passphrase('secret'));
    const { directory, header, store } = accountPaths(paths, 'alice');
    const modes = [paths.dataDirectory, directory, store, header].map((path) => statSync(path).mode & 0o777);
    expect(modes).to.deep.equal([0o700, 0o700, 0o700, 0o600]);
    expect(readdirSync(directory).sort()).to.deep.equal(['header', 'store']);
    expect(await open('alice', passphrase('secret'))).to.equal('alice');
    expect(await open('ALICE', passphrase('secret'))).to.equal('alice');
  });

  it('refuses a wrong passphrase, and the way in of another kind', async () => {
    await make('alice', passphrase('secret'));
    expect(await rejectionOf(open('alice', passphrase('Secret')))).to.equal('wrong-passphrase');
    expect(await rejectionOf(open('alice', keyFile))).to.equal('passphrase-missing');
    expect(await open('alice', passphrase('secret'))).to.equal('alice');
  });

  it('opens with a key file of its own, whatever passphrase is at hand', async () => {
    await make('bob', keyFile);
    const path = accountPaths(paths, 'bob').keyFile;
    expect(statSync(path).size).to.equal(32);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(await open('bob', keyFile)).to.equal('bob');
    expect(await open('bob', passphrase('unused'))).to.equal('bob');
  });

  it('refuses a key file that others can read, that is cut, another one, or none', async () => {
    await make('bob', keyFile);
    await make('carol', keyFile);
    const path = accountPaths(paths, 'bob').keyFile;
    chmodSync(path, 0o640);
    expect(await rejectionOf(open('bob', keyFile))).to.equal('unsafe-permissions');
    chmodSync(path, 0o600);
    const key = readFileSync(path);
    writeFileSync(path, key.subarray(1));
    expect(await rejectionOf(open('bob', keyFile))).to.equal('wrong-key-file');
    writeFileSync(path, readFileSync(accountPaths(paths, 'carol').keyFile));
    expect(await rejectionOf(open('bob', keyFile))).to.equal('wrong-key-file');
    rmSync(path);
    expect(await rejectionOf(open('bob', keyFile))).to.equal('wrong-key-file');
    writeFileSync(path, key, { mode: 0o600 });
    expect(await open('bob', keyFile)).to.equal('bob');
  });

  it('refuses a directory that others can look into', async () => {
    await make('alice', keyFile);
    chmodSync(accountPaths(paths, 'alice').directory, 0o755);
    expect(await rejectionOf(open('alice', keyFile))).to.equal('unsafe-permissions');
  });

  it('can be opened with the recovery words, too', async () => {
    const words = await make('alice', passphrase('secret'));
    const header = decodeStoreHeader(new Uint8Array(readFileSync(accountPaths(paths, 'alice').header)));
    const wrap = findWrap(header, 'recovery');
    const secret = parseRecoveryWords(new Secret('RecoveryWords', utf8(words.join(' '))));
    if (wrap === undefined) throw new Error('a recovery wrap was expected');
    expect(unwrapStoreKey(wrap, deriveRecoveryWrapKey(secret)).length).to.equal(32);
  });

  it('says store-in-use while it is open, before anything is derived from a passphrase', async () => {
    await make('alice', passphrase('secret'));
    const unlock = passphrase('secret');
    const stretcher = quickStretcher;
    const { store } = await openAccountStore({ paths, name: 'alice', unlock, random, stretcher });
    const never = { stretch: () => Promise.reject(new Error('derived in vain')) };
    const second = openAccountStore({ paths, name: 'alice', unlock, random, stretcher: never });
    expect(await rejectionOf(second)).to.equal('store-in-use');
    await store.close();
    expect(await open('alice', unlock)).to.equal('alice');
  });

  it('is let go of when it cannot be opened', async () => {
    await make('alice', passphrase('secret'));
    expect(await rejectionOf(open('alice', passphrase('wrong')))).to.equal('wrong-passphrase');
    expect(await open('alice', passphrase('secret'))).to.equal('alice');
  });

  it('says what is wrong with its header', async () => {
    await make('alice', passphrase('secret'));
    const { header } = accountPaths(paths, 'alice');
    const good = new Uint8Array(readFileSync(header));
    const damaged: readonly (readonly [string, Uint8Array])[] = [
      ['bad-store-header', good.subarray(0, 20)],
      ['bad-store-header', new Uint8Array(0)],
      ['store-too-new', good.map((byte, index) => (index === 7 ? 9 : byte))],
      ['wrong-passphrase', good.map((byte, index) => (index === 60 ? byte ^ 1 : byte))],
      ['store-damaged', encodeStoreHeader(removeWrap(decodeStoreHeader(good), 'passphrase'))],
    ];
    for (const [code, bytes] of damaged) {
      writeFileSync(header, bytes);
      expect(await rejectionOf(open('alice', passphrase('secret')))).to.equal(code);
    }
    rmSync(header);
    expect(await rejectionOf(open('alice', passphrase('secret')))).to.equal('store-damaged');
  });

  it('is no-account where there is none', async () => {
    expect(await rejectionOf(open('nobody', keyFile))).to.equal('no-account');
    expect(await rejectionOf(open('../alice', keyFile))).to.equal('username-start');
  });

  it('does not open with the store of another account in it', async () => {
    await make('alice', keyFile);
    await make('bob', keyFile);
    rmSync(accountPaths(paths, 'bob').store, { recursive: true });
    cpSync(accountPaths(paths, 'alice').store, accountPaths(paths, 'bob').store, { recursive: true });
    expect(await rejectionOf(open('bob', keyFile))).to.equal('store-damaged');
  });

  it('is never made over another one, and a failure leaves nothing', async () => {
    await make('alice', passphrase('secret'));
    expect(await rejectionOf(make('alice', keyFile))).to.equal('account-exists');
    expect(readdirSync(paths.dataDirectory)).to.deep.equal(['alice']);
    expect(await open('alice', passphrase('secret'))).to.equal('alice');
  });

  it('that a crash left half made is no account, and is cleared away once it is old', async () => {
    await make('alice', keyFile);
    const leftover = join(paths.dataDirectory, '.new-0011');
    const fresh = join(paths.dataDirectory, '.new-2233');
    for (const path of [leftover, fresh]) mkdirSync(path);
    const hoursAgo = new Date(Date.now() - 2 * 3_600_000);
    utimesSync(leftover, hoursAgo, hoursAgo);
    expect(listAccounts(paths).map(({ name }) => name)).to.deep.equal(['alice']);
    await make('bob', keyFile);
    expect(readdirSync(paths.dataDirectory).sort()).to.deep.equal(['.new-2233', 'alice', 'bob']);
  });

  it('can be removed', async () => {
    await make('alice', keyFile);
    removeAccountStore(paths, 'alice');
    expect(readdirSync(paths.dataDirectory)).to.deep.equal([]);
    expect(listAccounts(paths)).to.deep.equal([]);
  });

  describe('list', () => {
    it('names each account and how it is opened', async () => {
      await make('bob', keyFile);
      await make('alice', passphrase('secret'));
      await make('carol', keyFile);
      writeFileSync(accountPaths(paths, 'carol').header, 'x');
      mkdirSync(join(paths.dataDirectory, 'no-header'));
      writeFileSync(join(paths.dataDirectory, 'file'), '');
      useAccount(paths, 'bob');
      const listed = listAccounts(paths).map(({ name, unlock, current }) => [name, unlock, current]);
      expect(listed).to.deep.equal([
        ['alice', 'passphrase', false],
        ['bob', 'key-file', true],
        ['carol', 'damaged', false],
      ]);
    });

    it('is empty without a data directory', () => {
      expect(listAccounts(paths)).to.deep.equal([]);
      expect(currentAccount(paths)).to.equal(undefined);
      expect(rememberedRelay(paths)).to.equal(undefined);
    });

    it('has a current account: the chosen one, else the only one', async () => {
      await make('alice', keyFile);
      expect(currentAccount(paths)).to.equal('alice');
      await make('bob', keyFile);
      expect(currentAccount(paths)).to.equal(undefined);
      useAccount(paths, 'Bob');
      expect(currentAccount(paths)).to.equal('bob');
      expect(refusalOf(() => useAccount(paths, 'carol'))).to.equal('no-account');
      expect(findAccount(paths, 'bob').current).to.equal(true);
      renameSync(accountPaths(paths, 'bob').directory, join(paths.dataDirectory, 'carol'));
      expect(currentAccount(paths)).to.equal(undefined);
    });

    it('remembers the first account and its relay, and keeps to them', () => {
      noteAccount(paths, 'alice', 'ic://a');
      noteAccount(paths, 'bob', 'ic://b');
      expect(rememberedRelay(paths)).to.equal('ic://a');
      expect(statSync(join(paths.dataDirectory, '.accounts.json')).mode & 0o777).to.equal(0o600);
    });

    it('says store-damaged when what it remembers cannot be read', () => {
      mkdirSync(paths.dataDirectory);
      writeFileSync(join(paths.dataDirectory, '.accounts.json'), '{');
      expect(refusalOf(() => rememberedRelay(paths))).to.equal('store-damaged');
    });
  });
});
