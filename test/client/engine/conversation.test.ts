import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { openAccount } from '../../../client/engine/accounts.ts';
import { resolvePaths } from '../../../client/engine/paths.ts';
import { type RealRelay, startRealRelay } from '../../support/real-relay.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';
import { befriend, makePerson, type Person, testHost } from './people.ts';

const TIMEOUT_MS = 20_000;

describe('two engines and a relay', function () {
  this.timeout(60_000);
  const temporaryDirectory = temporaryDirectories();
  let directory: string;
  let relay: RealRelay;
  let alice: Person;
  let bob: Person;

  beforeEach(async () => {
    directory = await temporaryDirectory();
    relay = await startRealRelay({ directory });
    alice = await makePerson('alice', directory, relay.address);
    bob = await makePerson('bob', directory, relay.address);
  });

  afterEach(async () => {
    await alice.account.close();
    await bob.account.close();
    await relay.kill();
  });

  async function restartRelay(): Promise<void> {
    const { rootKey, address } = relay;
    relay = await startRealRelay({ directory, rootKey, port: address.port });
  }

  it('bring a request, its acceptance and messages both ways', async () => {
    await befriend(alice, bob);
    const sent = await alice.account.execute({ type: 'send', to: 'bob', text: 'how are you' });
    expect(sent.state).to.equal('waiting');
    await bob.heard((event) => event.type === 'message' && event.message.text === 'how are you');
    await bob.account.execute({ type: 'send', to: 'alice', text: 'fine' });
    await alice.heard((event) => event.type === 'message' && event.message.text === 'fine');
    const expected = ['alice: hello bob', 'alice: how are you', 'bob: fine'];
    expect(await alice.texts('bob')).to.deep.equal(expected);
    expect(await bob.texts('alice')).to.deep.equal(expected);
    expect(await alice.account.drain(TIMEOUT_MS)).to.equal(true);
  });

  it('keep everything across closing and opening', async () => {
    await befriend(alice, bob);
    await bob.account.close();
    await alice.account.execute({ type: 'send', to: 'bob', text: 'while you were away' });
    expect(await alice.account.drain(TIMEOUT_MS)).to.equal(true);
    await bob.open();
    expect(await bob.account.caughtUp(TIMEOUT_MS)).to.equal(true);
    expect(await bob.texts('alice')).to.deep.equal(['alice: hello bob', 'alice: while you were away']);
  });

  it('find each other again when the relay was stopped in an orderly way and came back', async () => {
    await befriend(alice, bob);
    const { rootKey, address } = relay;
    await relay.stop();
    await alice.heard((event) => event.type === 'link' && event.state === 'offline');
    await alice.account.execute({ type: 'send', to: 'bob', text: 'into the void' });
    relay = await startRealRelay({ directory, rootKey, port: address.port });
    await bob.heard((event) => event.type === 'message' && event.message.text === 'into the void');
    expect(await alice.account.drain(TIMEOUT_MS)).to.equal(true);
  });

  it('give way to a copy of themselves that connects later, and do not fight it', async () => {
    await alice.account.close();
    const copied = resolvePaths({ INTECHAT_DATA_DIR: join(directory, 'copy') });
    cpSync(alice.paths.dataDirectory, copied.dataDirectory, { recursive: true });
    await alice.open();
    expect(await alice.account.caughtUp(TIMEOUT_MS)).to.equal(true);
    const unlock = { keyFile: true } as const;
    const copy = await openAccount({ paths: copied, name: 'alice', unlock, connect: true, host: testHost });
    const left = await alice.heard((event) => event.type === 'link' && event.state === 'offline');
    expect(left).to.include({ reason: 'superseded' });
    expect(await alice.account.caughtUp(TIMEOUT_MS)).to.equal(false);
    expect(await copy.caughtUp(TIMEOUT_MS)).to.equal(true);
    await copy.close();
  });

  it('tell those who listen that the account was signed out', async () => {
    expect(await alice.account.caughtUp(TIMEOUT_MS)).to.equal(true);
    await alice.account.execute({ type: 'logout' });
    await alice.heard((event) => event.type === 'link' && event.state === 'signed-out');
    expect((await alice.account.query({ type: 'status' })).link).to.equal('signed-out');
  });

  it('have read everything when they say so, with a window smaller than what came', async () => {
    await befriend(alice, bob);
    await bob.account.close();
    const narrow = { ...testHost, links: { ...testHost.links, pushWindow: 1 } };
    const { paths } = bob;
    const unlock = { keyFile: true } as const;
    bob.account = await openAccount({ paths, name: 'bob', unlock, connect: true, host: narrow });
    expect(await bob.account.caughtUp(TIMEOUT_MS)).to.equal(true);
    const others = await Promise.all(
      ['carol', 'dave', 'erin'].map((name) => makePerson(name, directory, relay.address)),
    );
    try {
      const people = [alice, ...others];
      for (let i = 0; i < 5; i++) {
        const text = `number ${i}`;
        await Promise.all(people.map(({ account }) => account.execute({ type: 'send', to: 'bob', text })));
      }
      const drained = await Promise.all(people.map(({ account }) => account.drain(TIMEOUT_MS)));
      expect(drained).to.deep.equal(people.map(() => true));
      expect(await bob.account.caughtUp(TIMEOUT_MS)).to.equal(true);
      expect((await bob.texts('alice')).at(-1)).to.equal('alice: number 4');
      const requests = await bob.account.query({ type: 'requests' });
      expect(requests.map(({ messages }) => messages)).to.deep.equal([5, 5, 5]);
    } finally {
      for (const { account } of others) await account.close();
    }
  });

  it('deliver once and in order what was written while the relay was killed and started again', async () => {
    await befriend(alice, bob);
    const texts = Array.from({ length: 60 }, (_, i) => `number ${i}`);
    for (const [index, text] of texts.entries()) {
      if (index === 20) await relay.kill();
      if (index === 40) await restartRelay();
      await alice.account.execute({ type: 'send', to: 'bob', text });
    }
    expect(await alice.account.drain(TIMEOUT_MS)).to.equal(true);
    await bob.heard((event) => event.type === 'message' && event.message.text === 'number 59');
    const expected = ['hello bob', ...texts].map((text) => `alice: ${text}`);
    expect(await bob.texts('alice')).to.deep.equal(expected);
    expect(await alice.texts('bob')).to.deep.equal(expected);
  });
});
