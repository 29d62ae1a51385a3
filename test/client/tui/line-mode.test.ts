import { join } from 'node:path';
import { expect } from 'chai';
import { say } from '../../../client/cli/safe-text.ts';
import { note } from '../../../client/tui/item.ts';
import { chat, runLineMode } from '../../../client/tui/line-mode.ts';
import { type CallParams, makeCall, type TestCall } from '../../support/make-call.ts';
import { type RealRelay, startRealRelay } from '../../support/real-relay.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';
import { befriend, makePerson, type Person } from '../engine/people.ts';

describe('the interactive chat of an account', () => {
  const temporaryDirectory = temporaryDirectories();
  let directory: string;
  let relay: RealRelay;
  let alice: Person;
  let bob: Person;

  before(async () => {
    directory = await temporaryDirectory();
    relay = await startRealRelay({ directory });
    alice = await makePerson('alice', directory, relay.address);
    bob = await makePerson('bob', directory, relay.address);
    await befriend(alice, bob);
    await alice.account.close();
  });

  after(async () => {
    await bob.account.close();
    await relay.stop();
  });

  function callOf(changes: Partial<CallParams> = {}): TestCall {
    const env = { HOME: directory, XDG_RUNTIME_DIR: directory, ...changes.env };
    return makeCall({
      ...changes,
      env,
      flags: { 'data-dir': join(directory, 'data-alice'), ...changes.flags },
    });
  }

  it('opens the account, talks, and closes it', async () => {
    const running = callOf();
    const ended = runLineMode(running.call);
    running.stdin.write('/open bob\nhello from a pipe\n');
    await bob.heard((event) => event.type === 'message' && event.message.text === 'hello from a pipe');
    await bob.account.execute({ type: 'send', to: 'alice', text: 'hello pipe' });
    await running.printed(/^\d\d:\d\d bob> hello pipe$/m);
    running.stdin.end();
    expect(await ended).to.equal(0);
    expect(running.stdout()).to.match(
      /^-- alice at 127\.0\.0\.1:\d+; \/help lists the commands, \/quit ends$/m,
    );
    // The store is free again.
    await alice.open();
    expect(await alice.texts('bob')).to.include('alice: hello from a pipe');
    await alice.account.close();
  });

  it('takes Ctrl-C for itself while it runs', async () => {
    const running = callOf();
    const ended = runLineMode(running.call);
    await running.printed('(no chat)>');
    running.call.interruption.interrupt('SIGINT');
    await running.printed('Ctrl-C again to quit');
    running.call.interruption.interrupt('SIGINT');
    expect(await ended).to.equal(130);
    expect(running.call.interruption.happened).to.equal(false);
  });

  it('talks with an account that is open already', async () => {
    const running = callOf();
    const ended = chat(running.call, bob.account, {
      greeting: [note(say`welcome`)],
      openFirst: 'alice',
      onStart: (tell) => tell(say`before anything else`),
    });
    await running.printed('alice (unverified)>');
    running.stdin.end('/quit\n');
    expect(await ended).to.equal(0);
    expect(running.stdout()).to.match(/^-- before anything else\n-- welcome\n/);
  });

  it('begins no registration where nobody can be asked', async () => {
    const running = callOf({ flags: { 'data-dir': join(directory, 'nobody') } });
    expect(await rejectionOf(runLineMode(running.call))).to.equal('no-account');
  });
});
