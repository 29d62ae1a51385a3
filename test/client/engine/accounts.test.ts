import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { signInRequest } from '../../../client/core/registration.ts';
import { openAccountStore } from '../../../client/engine/account-store.ts';
import {
  currentAccount,
  listAccounts,
  loginAccount,
  logoutAccount,
  openAccount,
  type Progress,
  type RegisterParams,
  registerAccount,
  rememberedRelay,
  type UnlockSource,
} from '../../../client/engine/accounts.ts';
import { hostWith } from '../../../client/engine/host.ts';
import { accountPaths, type Paths, resolvePaths } from '../../../client/engine/paths.ts';
import { systemRandom } from '../../../client/engine/random.ts';
import { connectTo, relayUri } from '../../../client/engine/relay-target.ts';
import type { Stretcher } from '../../../client/engine/stretcher.ts';
import { checkChain } from '../../../crypto/account/check-chain.ts';
import { utf8 } from '../../../crypto/bytes.ts';
import { ChatError, RelayError } from '../../../crypto/errors.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { Secret } from '../../../crypto/secret.ts';
import { quickStretcher } from '../../support/quick-stretcher.ts';
import { type RealRelay, startRealRelay } from '../../support/real-relay.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';
import { listen, type ScriptedRelay, startScriptedRelay } from '../transport/scripted-relay.ts';
import { testHost } from './people.ts';

const keyFile: UnlockSource = { keyFile: true };

function passphrase(text: string): UnlockSource {
  return { passphrase: new Secret('Passphrase', utf8(text)) };
}

describe('accounts of a machine', () => {
  const temporaryDirectory = temporaryDirectories();
  let directory: string;
  let paths: Paths;

  before(() => ready());

  beforeEach(async () => {
    directory = await temporaryDirectory();
    paths = resolvePaths({ INTECHAT_DATA_DIR: join(directory, 'data') });
  });

  function register(change: Partial<RegisterParams>) {
    return registerAccount({ paths, name: 'alice', unlock: keyFile, host: testHost, ...change });
  }

  function dataFiles(): readonly string[] {
    return existsSync(paths.dataDirectory) ? readdirSync(paths.dataDirectory) : [];
  }

  async function failure(promise: Promise<unknown>): Promise<ChatError> {
    const error = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof ChatError)) throw new Error('a typed error was expected', { cause: error });
    return error;
  }

  describe('at a real relay', () => {
    let relay: RealRelay;

    beforeEach(async () => {
      relay = await startRealRelay({ directory });
    });

    afterEach(() => relay.kill());

    it('registers with a passphrase, and says what it does', async () => {
      const steps: Progress[] = [];
      const registered = await register({
        name: 'Alice',
        relayUri: relayUri(relay.address),
        unlock: passphrase('secret'),
        onProgress: (step) => steps.push(step),
      });
      expect(steps).to.deep.equal(['connecting', 'securing', 'registering']);
      expect(registered.recoveryWords.length).to.equal(24);
      expect(registered.relay).to.equal(relayUri(relay.address));
      expect([registered.trustedOnFirstUse, registered.resumed]).to.deep.equal([false, false]);
      const { name, unlock, current } = registered.summary;
      expect([name, unlock, current]).to.deep.equal(['alice', 'passphrase', true]);
      const account = await openAccount({
        paths,
        name: 'alice',
        unlock: passphrase('secret'),
        connect: true,
        host: testHost,
      });
      expect(await account.caughtUp(10_000)).to.equal(true);
      const status = await account.query({ type: 'status' });
      expect([status.name, status.link]).to.deep.equal(['alice', 'online']);
      expect(status.paths['account']).to.equal(accountPaths(paths, 'alice').directory);
      await account.close();
    });

    it('takes the fingerprint that a relay of this machine proves, and says so', async () => {
      const { host, port } = relay.address;
      const registered = await register({ relayUri: `ic://${host}:${port}` });
      expect(registered.relay).to.equal(relayUri(relay.address));
      expect(registered.trustedOnFirstUse).to.equal(true);
    });

    it('remembers the first relay, so that the next account needs none', async () => {
      expect((await failure(register({}))).code).to.equal('relay-missing');
      await register({ relayUri: relayUri(relay.address) });
      expect(rememberedRelay(paths)).to.equal(relayUri(relay.address));
      expect((await register({ name: 'bob' })).relay).to.equal(relayUri(relay.address));
      expect(currentAccount(paths)).to.equal('alice');
      expect(listAccounts(paths).map(({ name }) => name)).to.deep.equal(['alice', 'bob']);
    });

    it('leaves nothing on this machine when the name is taken', async () => {
      const elsewhere = resolvePaths({ INTECHAT_DATA_DIR: join(directory, 'elsewhere') });
      await register({ paths: elsewhere, relayUri: relayUri(relay.address) });
      const error = await failure(register({ relayUri: relayUri(relay.address) }));
      expect(error.code).to.equal('name-taken');
      expect(error.hints.join()).to.include('nothing of alice is left');
      expect(dataFiles()).to.deep.equal([]);
    });

    it('leaves nothing when the relay wants an invitation', async () => {
      await relay.kill();
      relay = await startRealRelay({ directory: join(directory, 'closed'), open: false });
      expect((await failure(register({ relayUri: relayUri(relay.address) }))).code).to.equal(
        'invite-refused',
      );
      expect(dataFiles()).to.deep.equal([]);
    });

    it('refuses a second registration of an account that is there', async () => {
      await register({ relayUri: relayUri(relay.address) });
      expect((await failure(register({}))).code).to.equal('account-exists');
      expect(dataFiles()).to.include('alice');
    });

    it('refuses names that cannot be before it talks to anybody', async () => {
      const unused = 'ic://127.0.0.1:9';
      expect((await failure(register({ name: 'all', relayUri: unused }))).code).to.equal('username-reserved');
      expect((await failure(register({ name: '../x', relayUri: unused }))).code).to.equal('username-start');
    });

    it('leaves nothing when the relay is not the pinned one or not there', async () => {
      const wrong = { ...relay.address, fingerprint: new Uint8Array(32) };
      expect((await failure(register({ relayUri: relayUri(wrong) }))).code).to.equal('wrong-relay');
      const { port } = relay.address;
      await relay.kill();
      const absent = await failure(register({ relayUri: `ic://127.0.0.1:${port}` }));
      expect(absent.code).to.equal('relay-unreachable');
      expect(dataFiles()).to.deep.equal([]);
      relay = await startRealRelay({ directory });
    });

    describe('signing out and in', () => {
      const name = 'alice';
      const unlock = passphrase('secret');

      beforeEach(async () => {
        await register({ relayUri: relayUri(relay.address), unlock });
      });

      it('ends the session and keeps the sealed store', async () => {
        await logoutAccount({ paths, name, unlock, host: testHost });
        const account = await openAccount({ paths, name, unlock, connect: true, host: testHost });
        const status = await account.query({ type: 'status' });
        expect(status.link).to.equal('signed-out');
        expect(await account.caughtUp(10_000)).to.equal(false);
        await account.close();
      });

      it('begins a new session with the same keys', async () => {
        await logoutAccount({ paths, name, unlock, host: testHost });
        const loggedIn = await loginAccount({ paths, name: 'ALICE', unlock, host: testHost });
        expect([loggedIn.summary.name, loggedIn.relay]).to.deep.equal(['alice', relayUri(relay.address)]);
        const account = await openAccount({ paths, name, unlock, connect: true, host: testHost });
        expect(await account.caughtUp(10_000)).to.equal(true);
        await account.close();
      });

      it('may be done by one who is signed in', async () => {
        await loginAccount({ paths, name, unlock, host: testHost });
        await loginAccount({ paths, name, unlock, host: testHost });
      });

      it('begins a new session when the old one was ended from elsewhere', async () => {
        const stretcher = quickStretcher;
        const { store } = await openAccountStore({ paths, name, unlock, random: systemRandom(), stretcher });
        const connection = await connectTo(relay.address, hostWith(testHost));
        await connection.request('signIn', signInRequest(store, connection.proof, systemRandom()));
        await connection.request('revokeSession', {});
        connection.close();
        await store.close();
        await loginAccount({ paths, name, unlock, host: testHost });
        const account = await openAccount({ paths, name, unlock, connect: true, host: testHost });
        expect(await account.caughtUp(10_000)).to.equal(true);
        await account.close();
      });

      it('needs the passphrase, the keys and a free store', async () => {
        const login = (change: object) => loginAccount({ paths, name, unlock, host: testHost, ...change });
        expect(await rejectionOf(login({ unlock: passphrase('wrong') }))).to.equal('wrong-passphrase');
        expect(await rejectionOf(login({ unlock: keyFile }))).to.equal('passphrase-missing');
        expect(await rejectionOf(login({ name: 'bob' }))).to.equal('no-keys-here');
        const account = await openAccount({ paths, name, unlock, connect: false, host: testHost });
        expect(await rejectionOf(login({}))).to.equal('store-in-use');
        await account.close();
      });
    });
  });

  describe('at a relay that loses answers', () => {
    let relay: ScriptedRelay;
    let stored: boolean[];

    beforeEach(async () => {
      relay = await startScriptedRelay();
      stored = [];
    });

    afterEach(() => relay.close());

    function loseAnswers(): void {
      relay.script = {
        answer: (_request, { socket }) => {
          stored.push(existsSync(accountPaths(paths, 'alice').header));
          socket.terminate();
          return 'silence';
        },
      };
    }

    function answerHonestly(): void {
      relay.script = { answer: ({ body }) => ({ ok: { account: checkChain([body.record]).accountId } }) };
    }

    function records(): readonly string[] {
      return relay.connections
        .flatMap(({ requests }) => requests)
        .map(({ body }) => Buffer.from(body.record).toString('hex'));
    }

    it('has the store on disk before it asks for the name, and finishes with the same record', async () => {
      loseAnswers();
      const unlock = passphrase('secret');
      const lost = await failure(register({ relayUri: relayUri(relay.address), unlock }));
      expect(lost.code).to.equal('connection-lost');
      expect(lost.hints.join()).to.include('intechat register alice');
      expect(stored).to.deep.equal([true]);
      const open = openAccount({ paths, name: 'alice', unlock, connect: true, host: testHost });
      expect(await rejectionOf(open)).to.equal('registration-unfinished');
      const login = loginAccount({ paths, name: 'alice', unlock, host: testHost });
      expect(await rejectionOf(login)).to.equal('registration-unfinished');
      answerHonestly();
      const finished = await register({ unlock });
      expect([finished.resumed, finished.recoveryWords.length]).to.deep.equal([true, 24]);
      expect(finished.relay).to.equal(relayUri(relay.address));
      const [first, second] = records();
      expect(second).to.equal(first);
      const keys = relay.connections.map(({ requests }) => requests[0]?.body.authKey);
      expect(keys[0]).to.match(/^[A-Za-z0-9+/]{43}$/);
      expect(keys[1]).to.equal(keys[0]);
      expect((await failure(register({ unlock }))).code).to.equal('account-exists');
    });

    it('finishes with the passphrase it was begun with, at the relay it was begun at', async () => {
      loseAnswers();
      await failure(register({ relayUri: relayUri(relay.address), unlock: passphrase('secret') }));
      expect((await failure(register({ unlock: passphrase('other') }))).code).to.equal('wrong-passphrase');
      const elsewhere = relayUri({ ...relay.address, fingerprint: new Uint8Array(32) });
      const other = await failure(register({ relayUri: elsewhere, unlock: passphrase('secret') }));
      expect(other.code).to.equal('registration-elsewhere');
      answerHonestly();
      const { resumed } = await register({ unlock: passphrase('secret') });
      expect(resumed).to.equal(true);
    });

    it('keeps what was begun while the relay is only busy, and removes it once it refuses', async () => {
      relay.script = { answer: () => ({ error: 'busy', retryAfterMs: 1_000 }) };
      const busy = await failure(register({ relayUri: relayUri(relay.address) }));
      if (!(busy instanceof RelayError)) throw new Error('an error of the relay was expected');
      expect([busy.code, busy.retryAfterMs]).to.deep.equal(['busy', 1_000]);
      expect(dataFiles()).to.deep.equal(['alice']);
      relay.script = { answer: () => ({ error: 'name-taken' }) };
      expect((await failure(register({ relayUri: relayUri(relay.address) }))).code).to.equal('name-taken');
      expect(dataFiles()).to.deep.equal([]);
    });

    it('finishes where the relay is by now, and finds it there ever after', async () => {
      loseAnswers();
      await failure(register({ relayUri: relayUri(relay.address) }));
      const { rootKey, address } = relay;
      await relay.close();
      relay = await listen({}, rootKey, 0);
      expect(relay.address.port).not.to.equal(address.port);
      answerHonestly();
      const finished = await register({ relayUri: relayUri(relay.address) });
      expect([finished.resumed, finished.relay]).to.deep.equal([true, relayUri(relay.address)]);
      const { name } = finished.summary;
      const account = await openAccount({ paths, name, unlock: keyFile, connect: false, host: testHost });
      const { relay: known } = await account.query({ type: 'status' });
      await account.close();
      expect(known).to.equal(`127.0.0.1:${relay.address.port}`);
    });

    it('keeps what may have been registered before, unless the relay says that it was not', async () => {
      const relayAddress = relayUri(relay.address);
      for (const [error, left] of [
        ['bad-record', ['alice']],
        ['unknown-operation', ['alice']],
        ['unsupported-version', ['alice']],
        ['invite-refused', []],
        ['key-taken', []],
      ] as const) {
        loseAnswers();
        await failure(register({ relayUri: relayAddress }));
        relay.script = { answer: () => ({ error }) };
        const refused = await failure(register({ relayUri: relayAddress }));
        expect(refused.code).to.equal(error);
        expect(dataFiles()).to.deep.equal(left);
        expect(refused.hints.join().includes('intechat register alice')).to.equal(left.length > 0);
      }
    });

    it('leaves no secret of an attempt that fails in this process', async () => {
      answerHonestly();
      const made: Secret<string>[] = [];
      const stretcher: Stretcher = {
        async stretch(text, params) {
          const keys = await quickStretcher.stretch(text, params);
          made.push(...keys);
          // Somebody else is quicker.
          mkdirSync(accountPaths(paths, 'alice').directory, { recursive: true });
          return keys;
        },
      };
      const unlock = passphrase('secret');
      const host = { ...testHost, stretcher };
      const error = await failure(register({ relayUri: relayUri(relay.address), unlock, host }));
      expect(error.code).to.equal('account-exists');
      expect(made.map(({ wiped }) => wiped)).to.deep.equal([true, true]);
    });

    it('sends the code of an invitation, and the one of the flag before it', async () => {
      answerHonestly();
      await register({ relayUri: `${relayUri(relay.address)}/i/CODE1` });
      await register({ name: 'bob', relayUri: `${relayUri(relay.address)}/i/CODE1`, invite: 'CODE2' });
      const codes = relay.connections.map(({ requests }) => requests[0]?.body.inviteCode);
      expect(codes).to.deep.equal(['CODE1', 'CODE2']);
    });

    it('sends no auth key for an account with a key file', async () => {
      answerHonestly();
      await register({ relayUri: relayUri(relay.address) });
      expect(relay.connections[0]?.requests[0]?.body.authKey).to.equal(undefined);
    });

    it('does not believe a relay that registered somebody else', async () => {
      relay.script = { answer: () => ({ ok: { account: new Uint8Array(16) } }) };
      expect((await failure(register({ relayUri: relayUri(relay.address) }))).code).to.equal('wrong-account');
    });
  });
});
