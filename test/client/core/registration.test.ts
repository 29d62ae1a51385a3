/** Making an account known, signing in, signing out, and what a link says about the account. */

import { expect } from 'chai';
import { nextWakeMs, step, unsentCount } from '../../../client/core/account.ts';
import type { Input } from '../../../client/core/input.ts';
import {
  accountFacts,
  createAccount,
  type RelayAddress,
  registerRequest,
  signBackIn,
  signInRequest,
} from '../../../client/core/registration.ts';
import { accountTable } from '../../../client/core/tables/own.ts';
import { keyFingerprint, verifySessionChallenge } from '../../../crypto/account/challenge.ts';
import { checkChain } from '../../../crypto/account/check-chain.ts';
import { parseRecoveryWords } from '../../../crypto/account/recovery.ts';
import { equalBytes, toHex, utf8 } from '../../../crypto/bytes.ts';
import { generateKeyPair } from '../../../crypto/keys/keys.ts';
import { sha256 } from '../../../crypto/primitives/hash.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { Secret } from '../../../crypto/secret.ts';
import { relayError } from '../../../relay/protocol/errors.ts';
import { operations } from '../../../relay/protocol/operations.ts';
import { type Actor, acquaint, WORLD_RELAY, WORLD_START_MS, World } from '../../support/account-world.ts';
import { MemoryView } from '../../support/memory-view.ts';
import { OtherDevice } from '../../support/other-device.ts';
import { refusalOf } from '../../support/refusal.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

before(async () => {
  await ready();
});

function created(username: string, relay: RelayAddress = WORLD_RELAY) {
  const random = new SeededRandom(`registration ${username}`);
  const params = { username, relay, hasPassphrase: true, label: 'laptop', nowMs: WORLD_START_MS, random };
  const account = createAccount(params);
  const view = new MemoryView();
  view.commit({ writes: account.writes, spent: [] });
  return { view, account, random };
}

describe('a new account', () => {
  it('has a record 0 that hashes to its id, and words that lead to its root key', () => {
    const { view, account } = created('Alice');
    const { record } = registerRequest(view, {});
    const verdict = checkChain([record], { accountId: account.accountId });
    expect(verdict.current.username).to.equal('alice');
    expect(account.username).to.equal('alice');
    expect(account.recoveryWords).to.have.length(24);
    const secret = parseRecoveryWords(new Secret('RecoveryWords', utf8(account.recoveryWords.join(' '))));
    expect(equalBytes(secret.expose(), account.recoverySecret.expose())).to.equal(true);
    expect(accountFacts(view)).to.include({
      state: 'registering',
      username: 'alice',
      hasPassphrase: true,
      device: 1,
    });
  });

  it('asks for the same registration again after a crash, and fits a frame', () => {
    const { view } = created('alice');
    const first = registerRequest(view, { authKey: 'a'.repeat(43) });
    const again = registerRequest(view.reopened(), { authKey: 'a'.repeat(43) });
    expect(again).to.deep.equal(first);
    const encoded = operations.register.request.encode(first);
    expect(encoded.length).to.be.lessThan(120_000);
    expect(first.preKeys.oneTimePreKeys).to.have.length(40);
    expect(first.preKeys.oneTimeKemPreKeys).to.have.length(40);
    expect(first.capabilities).to.have.length(64);
    expect(first).to.include({ label: 'laptop' });
  });

  it('waits for nothing before it is registered', () => {
    const { view } = created('alice');
    expect(nextWakeMs(view)).to.equal(undefined);
    expect(nextWakeMs(new MemoryView())).to.equal(undefined);
    expect(accountFacts(new MemoryView())).to.equal(undefined);
  });

  it('cannot have a name that nobody may register', () => {
    expect(refusalOf(() => created('a'))).to.equal('username-length');
    expect(refusalOf(() => created('admin'))).to.equal('username-reserved');
  });

  it('is not another one, whatever the relay says', () => {
    const { view, random } = created('alice');
    const input = {
      kind: 'confirmation',
      tag: 'register',
      serial: 0,
      operation: 'register',
      outcome: { ok: true, response: { account: new Uint8Array(16) } },
    } as const;
    expect(refusalOf(() => stepOf(view, input, random))).to.equal('wrong-account');
    expect(accountFacts(view)?.state).to.equal('registering');
  });
});

function stepOf(view: MemoryView, input: Input, random: SeededRandom) {
  return step(view, input, { nowMs: WORLD_START_MS, random });
}

describe('signing in', () => {
  it('signs exactly this connection, this relay and this session', () => {
    const random = new SeededRandom('relay key');
    const rootKey = generateKeyPair(random, 'identityKey').publicKey;
    const relay = { ...WORLD_RELAY, fingerprint: keyFingerprint(rootKey) };
    const { view } = created('alice', relay);
    const facts = view.get(accountTable, new Uint8Array(1));
    if (facts === undefined) throw new Error('no account');
    const relayNonce = new Uint8Array(32).fill(7);
    const request = signInRequest(view, { relayNonce, rootKey }, random);
    const challenge = {
      relayNonce,
      relayFingerprint: relay.fingerprint,
      tokenHash: sha256(request.token),
      accountId: facts.accountId,
      deviceId: 1,
    };
    const { publicKey } = facts.identityKeyPair;
    expect(verifySessionChallenge(publicKey, challenge, request.signature)).to.equal(true);
    const otherNonce = { ...challenge, relayNonce: new Uint8Array(32) };
    expect(verifySessionChallenge(publicKey, otherNonce, request.signature)).to.equal(false);
    expect(toHex(registerRequest(view, {}).sessionTokenHash)).to.equal(toHex(sha256(request.token)));
  });

  it('refuses a relay with another root key', () => {
    const random = new SeededRandom('wrong relay');
    const { view } = created('alice');
    const rootKey = generateKeyPair(random, 'identityKey').publicKey;
    const hello = { relayNonce: new Uint8Array(32), rootKey };
    expect(refusalOf(() => signInRequest(view, hello, random))).to.equal('wrong-relay');
  });
});

describe('signing out', () => {
  function friends(seed: string): { world: World; alice: Actor; bob: Actor } {
    const world = new World(seed);
    const alice = world.join('alice');
    const bob = world.join('bob');
    acquaint(bob, alice);
    return { world, alice, bob };
  }

  it('ends the session at the relay, keeps the store, and gets a new token', async () => {
    const { world, alice } = friends('logout');
    const token = toHex(
      alice.view.get(accountTable, new Uint8Array(1))?.sessionToken.expose() ?? new Uint8Array(0),
    );
    alice.do({ type: 'logout' });
    expect(world.relay.log.at(-1)?.operation).to.equal('revokeSession');
    expect(alice.online).to.equal(false);
    expect((await alice.query({ type: 'status' })).link).to.equal('signed-out');
    expect(await alice.texts('bob')).to.deep.equal(['hello']);
    expect(alice.view.dump().filter((line) => line.includes(token))).to.deep.equal([]);
    alice.view.commit({ writes: signBackIn(alice.view), spent: [] });
    expect(signBackIn(alice.view)).to.deep.equal([]);
    expect(accountFacts(alice.view)?.state).to.equal('active');
  });

  it('fails when the relay cannot be reached, and the session goes on', () => {
    const { world, alice } = friends('logout offline');
    alice.goOffline();
    const id = alice.begin({ type: 'logout' });
    world.advance(11_000);
    expect(refusalOf(() => alice.resultOf(id))).to.equal('relay-unreachable');
    expect(accountFacts(alice.view)?.state).to.equal('active');
  });

  it('tells when the relay cannot do it', () => {
    const { world, alice } = friends('logout busy');
    world.relay.intercept = (operation) => {
      if (operation === 'revokeSession') throw relayError('busy');
      return undefined;
    };
    expect(refusalOf(() => alice.do({ type: 'logout' }))).to.equal('busy');
    expect(accountFacts(alice.view)?.state).to.equal('active');
  });

  it('is noticed when somebody else revoked the session', async () => {
    const { alice } = friends('revoked');
    alice.goOffline('session-revoked');
    expect((await alice.query({ type: 'status' })).link).to.equal('signed-out');
    expect(alice.events.at(-1)).to.include({ type: 'link', state: 'signed-out', reason: 'session-revoked' });
  });
});

describe('the own records', () => {
  it('are followed when the own root signed them', () => {
    const world = new World('own records');
    const alice = world.join('alice');
    new OtherDevice(alice, 'added');
    alice.input({ kind: 'link', link: 'home', state: 'up', info: { recordSequence: 1 } });
    world.settle();
    expect(alice.view.get(accountTable, new Uint8Array(1))?.sequence).to.equal(1);
  });

  it('raise an alarm when they were reset by somebody else, and are not followed', async () => {
    const world = new World('own reset');
    const alice = world.join('alice');
    const before = await alice.query({ type: 'whoami' });
    new OtherDevice(alice, 'reset');
    alice.input({ kind: 'link', link: 'home', state: 'up', info: { recordChanged: true } });
    world.settle();
    expect((await alice.query({ type: 'status' })).linkReason).to.equal('own-identity-reset');
    expect(await alice.query({ type: 'whoami' })).to.deep.equal(before);
    expect(alice.events.at(-1)).to.include({ type: 'trust', name: 'alice', signed: false });
  });
});

describe('what is unsent', () => {
  it('counts what waits for the relay, not what is held or failed', () => {
    const world = new World('unsent');
    const alice = world.join('alice');
    const bob = world.join('bob');
    acquaint(bob, alice);
    expect(unsentCount(alice.view)).to.equal(0);
    alice.goOffline();
    alice.send('bob', 'one');
    expect(unsentCount(alice.view)).to.equal(1);
    alice.do({ type: 'distrust', who: 'bob' });
    expect(unsentCount(alice.view)).to.equal(0);
  });
});
