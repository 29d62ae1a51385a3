// Goal: the peer driver speaks its documented language as a real process. Method: child processes over pipes,
// alone and in pairs, as any other program would drive them.

import { expect } from 'chai';
import type { SendEvent, Transcript } from '../crypto/session/transcript.ts';
import { readSignalVectors } from '../support/vectors.ts';
import { type Answer, DriverProcess } from './driver-process.ts';

const ALICE = { name: 'f0103c2c-6dcd-41a5-a03b-00d0b565324d', deviceId: 1 };
const BOB = { name: 'dfbff82a-646c-4c09-9f6a-ed42ac2c69da', deviceId: 2 };

/** A party in one driver process, with the address that the other side knows it by. */
interface Seat {
  readonly driver: DriverProcess;
  readonly party: string;
  readonly address: { readonly name: string; readonly deviceId: number };
}

function hexOf(text: string): string {
  return Buffer.from(text).toString('hex');
}

async function sitDown(driver: DriverProcess, party: string, address: Seat['address']): Promise<Seat> {
  await driver.do('party', { party, ...address, registrationId: 17 });
  return { driver, party, address };
}

function bundleFields({ id: _id, ok: _ok, ...bundle }: Answer): object {
  return bundle;
}

async function open(from: Seat, to: Seat, oneTime = true): Promise<void> {
  const bundle = bundleFields(await to.driver.do('bundle', { party: to.party, oneTime }));
  await from.driver.do('processBundle', { party: from.party, remote: to.address, bundle });
}

function send(from: Seat, to: Seat, text: string): Promise<Answer> {
  return from.driver.do('encrypt', { party: from.party, remote: to.address, plaintext: hexOf(text) });
}

function receive(to: Seat, from: Seat, sent: Answer): Promise<Answer> {
  const { type, message } = sent;
  return to.driver.ask('decrypt', { party: to.party, remote: from.address, type, message });
}

async function exchange(from: Seat, to: Seat, text: string): Promise<void> {
  expect((await receive(to, from, await send(from, to, text)))['plaintext']).to.equal(hexOf(text));
}

async function converse(alice: Seat, bob: Seat): Promise<void> {
  await open(alice, bob);
  for (let i = 0; i < 3; i++) await exchange(alice, bob, `unanswered ${i}`);
  for (let i = 0; i < 60; i++) {
    await exchange(bob, alice, `from bob ${i}`);
    await exchange(alice, bob, `from alice ${i}`);
    if (i % 20 === 7) await open(bob, alice, false);
  }
}

describe('the peer driver', () => {
  let driver: DriverProcess;

  beforeEach(() => {
    driver = new DriverProcess();
  });

  afterEach(async () => {
    expect(await driver.end()).to.equal(0);
    expect(driver.unread).to.deep.equal([]);
    expect(driver.stderr).to.equal('');
  });

  it('carries a conversation between two of its parties', async () => {
    await converse(await sitDown(driver, 'a', ALICE), await sitDown(driver, 'b', BOB));
  });

  it('carries a conversation with a second process', async () => {
    const second = new DriverProcess();
    await converse(await sitDown(driver, 'x', ALICE), await sitDown(second, 'x', BOB));
    expect(await second.end()).to.equal(0);
  });

  it('makes bundles of the documented form, with a one-time key on demand', async () => {
    const { party } = await sitDown(driver, 'b', BOB);
    const bundle = await driver.do('bundle', { party, oneTime: true });
    const lengths = Object.fromEntries(
      Object.entries(bundle).map(([key, value]) => [
        key,
        typeof value === 'string' ? value.length / 2 : value,
      ]),
    );
    expect(lengths).to.include({
      registrationId: 17,
      deviceId: 2,
      identityKey: 33,
      signedPreKey: 33,
      signedPreKeySignature: 64,
      kemPreKey: 1569,
      kemPreKeySignature: 64,
      preKey: 33,
    });
    const ids = ['preKeyId', 'signedPreKeyId', 'kemPreKeyId'].map((key) => bundle[key]);
    expect(new Set(ids)).to.have.property('size', 3);
    expect(await driver.do('bundle', { party, oneTime: false })).not.to.have.any.keys('preKey', 'preKeyId');
  });

  it('opens the recorded messages of libsignal with imported keys', async () => {
    const transcript = readSignalVectors<Transcript>('session-01-basic');
    const { A, B } = transcript.parties;
    const { name, deviceId, registrationId, identityPrivate } = B;
    const created = await driver.do('party', { party: 'b', name, deviceId, registrationId, identityPrivate });
    expect(created['identityPublic']).to.equal(B.identityPublic);
    await driver.do('importKeys', {
      party: 'b',
      signedPreKeys: B.signedPreKeys.map(({ id, private: key, signature }) => ({
        id,
        private: key,
        signature,
      })),
      kemPreKeys: B.kyberPreKeys.map((each) => ({
        id: each.id,
        public: each.public,
        secret: each.private,
        signature: each.signature,
      })),
      preKeys: B.preKeys.map(({ id, private: key }) => ({ id, private: key })),
    });
    const remote = { name: A.name, deviceId: A.deviceId };
    const sent = transcript.events.filter((each): each is SendEvent => each.op === 'send' && each.by === 'A');
    for (const index of [1, 0, 2]) {
      const { type, message, plaintext } = sent[index] as SendEvent;
      const request = { party: 'b', remote, type, message };
      expect((await driver.do('decrypt', request))['plaintext']).to.equal(plaintext);
      expect(await driver.refusal('decrypt', request)).to.equal('duplicate-message');
    }
  });

  it('saves and restores a party so that nobody notices', async () => {
    const alice = await sitDown(driver, 'a', ALICE);
    const bob = await sitDown(driver, 'b', BOB);
    await open(alice, bob);
    await exchange(alice, bob, 'before');
    const late = await send(alice, bob, 'late');
    await exchange(alice, bob, 'skips one');
    const { state } = await driver.do('save', { party: 'b' });
    await driver.do('restore', { party: 'b', state });
    expect((await driver.do('save', { party: 'b' }))['state']).to.equal(state);
    const second = new DriverProcess();
    await second.do('restore', { party: 'other name', state });
    const moved = { driver: second, party: 'other name', address: BOB };
    expect((await receive(moved, alice, late))['plaintext']).to.equal(hexOf('late'));
    expect((await receive(moved, alice, late))['error']).to.equal('duplicate-message');
    await exchange(moved, alice, 'from the new place');
    await exchange(alice, moved, 'to the new place');
    expect(await second.end()).to.equal(0);
  });

  it('takes the state back that was restored', async () => {
    const alice = await sitDown(driver, 'a', ALICE);
    const bob = await sitDown(driver, 'b', BOB);
    await open(alice, bob);
    const { state } = await driver.do('save', { party: 'b' });
    const message = await send(alice, bob, 'once in each time line');
    expect((await receive(bob, alice, message)).ok).to.equal(true);
    await driver.do('restore', { party: 'b', state });
    expect((await receive(bob, alice, message)).ok).to.equal(true);
  });

  it('describes a session', async () => {
    const alice = await sitDown(driver, 'a', ALICE);
    const bob = await sitDown(driver, 'b', BOB);
    const ask = (): Promise<Answer> => driver.do('state', { party: 'b', remote: ALICE });
    expect(await driver.refusal('state', { party: 'b', remote: ALICE })).to.equal('session-not-found');
    await open(alice, bob);
    for (let i = 0; i < 3; i++) await send(alice, bob, 'lost');
    await exchange(alice, bob, 'arrives');
    const { recordBytes, ...state } = await ask();
    expect(state).to.include({
      spqrEpoch: 1,
      spqrState: 'NoHeaderReceived',
      archived: 0,
      receiverChains: 1,
      skippedSeeds: 3,
    });
    expect(recordBytes).to.be.within(300, 2000);
    await driver.do('archive', { party: 'b', remote: ALICE });
    expect(await ask()).to.include({ archived: 1, receiverChains: 0, skippedSeeds: 0 });
    expect(await driver.refusal('encrypt', { party: 'b', remote: ALICE, plaintext: '' })).to.equal(
      'session-not-found',
    );
    await exchange(alice, bob, 'promotes it');
    expect(await ask()).to.include({ archived: 0 });
  });

  it('trusts the first identity of an address until told otherwise', async () => {
    const alice = await sitDown(driver, 'a', ALICE);
    const bob = await sitDown(driver, 'b', BOB);
    await open(alice, bob);
    await exchange(alice, bob, 'hi');
    const impostor = await sitDown(driver, 'impostor', BOB);
    const bundle = bundleFields(await driver.do('bundle', { party: 'impostor', oneTime: true }));
    const request = { party: 'a', remote: BOB, bundle };
    expect(await driver.refusal('processBundle', request)).to.equal('untrusted-identity');
    await open(impostor, alice);
    const message = await send(impostor, alice, 'psst');
    expect((await receive(alice, impostor, message))['error']).to.equal('untrusted-identity');
    const { identityKey } = bundle as { identityKey: string };
    await driver.do('trust', { party: 'a', remote: BOB, identityKey });
    expect((await receive(alice, impostor, message))['plaintext']).to.equal(hexOf('psst'));
    const old = await send(bob, alice, 'I am the real one');
    expect((await receive(alice, bob, old))['error']).to.equal('untrusted-identity');
  });

  it('starts a party afresh when it is created again', async () => {
    const alice = await sitDown(driver, 'a', ALICE);
    const bob = await sitDown(driver, 'b', BOB);
    await open(alice, bob);
    await sitDown(driver, 'a', ALICE);
    expect(await driver.refusal('encrypt', { party: 'a', remote: BOB, plaintext: '00' })).to.equal(
      'session-not-found',
    );
  });

  it('gives an unanswered session up after 30 days of the time that it is told', async () => {
    const alice = await sitDown(driver, 'a', ALICE);
    const bob = await sitDown(driver, 'b', BOB);
    await open(alice, bob);
    const encrypt = (days: number): Promise<string> =>
      driver.refusal('encrypt', {
        party: 'a',
        remote: BOB,
        plaintext: '00',
        now: Date.now() + days * 86_400_000,
      });
    expect(await encrypt(29)).to.equal('none');
    expect(await encrypt(31)).to.equal('session-not-found');
    expect(await encrypt(0)).to.equal('none');
  });

  it('answers a burst of requests in order', async () => {
    const alice = await sitDown(driver, 'a', ALICE);
    const bob = await sitDown(driver, 'b', BOB);
    await open(alice, bob);
    const requests = Array.from({ length: 500 }, (_, id) =>
      JSON.stringify({ id: `r${id}`, op: 'encrypt', party: 'a', remote: BOB, plaintext: hexOf(`${id}`) }),
    );
    driver.write(`${requests.join('\n')}\n`);
    const answers: Answer[] = [];
    for (let id = 0; id < 500; id++) answers.push(JSON.parse(await driver.nextLine()) as Answer);
    expect(answers.map((answer) => answer.id)).to.deep.equal(requests.map((_, id) => `r${id}`));
    for (const [id, answer] of answers.entries()) {
      expect((await receive(bob, alice, answer))['plaintext']).to.equal(hexOf(`${id}`));
    }
  });

  it('puts a line together from its pieces', async () => {
    const line = JSON.stringify({
      id: 'ü',
      op: 'party',
      party: 'p',
      name: 'näme',
      deviceId: 1,
      registrationId: 0,
    });
    for (const byte of Buffer.from(line)) driver.write(Uint8Array.of(byte));
    driver.write('\n');
    const answer = JSON.parse(await driver.nextLine()) as Answer;
    expect(answer).to.include({ id: 'ü', ok: true });
  });
});

describe('the peer driver as an npm script', () => {
  it('answers the last line also when it is not ended, and ends with stdin', async () => {
    const driver = new DriverProcess('npm', ['run', '--silent', 'crypto-peer']);
    driver.write('{"id":1,"op":"nonsense"}\n{"id":2,"op":"nonsense"}');
    const ended = driver.end();
    expect(await driver.nextLine()).to.equal('{"id":1,"ok":false,"error":"bad-request"}');
    expect(await driver.nextLine()).to.equal('{"id":2,"ok":false,"error":"bad-request"}');
    expect(await ended).to.equal(0);
    expect(driver.unread).to.deep.equal([]);
  });
});
