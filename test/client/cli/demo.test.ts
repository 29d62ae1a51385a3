import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { BOB_SAYS, runBob, SEAT_VARIABLE } from '../../../client/cli/demo/bob.ts';
import { DemoChild } from '../../../client/cli/demo/child.ts';
import { DemoPlace } from '../../../client/cli/demo/place.ts';
import { Steps } from '../../../client/cli/demo/steps.ts';
import { runDemo } from '../../../client/cli/demo.ts';
import { say } from '../../../client/cli/safe-text.ts';
import { relayUri } from '../../../client/engine/relay-target.ts';
import { ensureDist } from '../../support/dist.ts';
import { makeCall } from '../../support/make-call.ts';
import { startRealRelay } from '../../support/real-relay.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';
import { makePerson } from '../engine/people.ts';

describe('the demo in this process', () => {
  const temporaryDirectory = temporaryDirectories();

  it('tells its story with the built programs around it', async () => {
    const entryUrl = pathToFileURL(join(await ensureDist(), 'intechat.js')).href;
    const env = { PATH: process.env['PATH'], HOME: await temporaryDirectory() };
    const { call, stdout } = makeCall({ env, entryUrl });
    expect(await runDemo(call)).to.equal(0);
    expect(stdout()).to.contain('safety numbers match: ').and.to.contain('0 readable bytes');
    expect(await readdir(env.HOME)).to.deep.equal([]);
  });

  it('says what is missing when the programs are not there', async () => {
    const env = { PATH: process.env['PATH'], HOME: await temporaryDirectory() };
    const { call } = makeCall({ env, entryUrl: pathToFileURL(join(env.HOME, 'intechat.js')).href });
    expect(await rejectionOf(runDemo(call))).to.equal('demo-failed');
  });

  it('leaves nothing when it is interrupted before it begins', async () => {
    const env = { PATH: process.env['PATH'], HOME: await temporaryDirectory() };
    const { call, stdout } = makeCall({ env, entryUrl: pathToFileURL(join(env.HOME, 'intechat.js')).href });
    call.interruption.interrupt('SIGINT');
    expect(await rejectionOf(runDemo(call))).to.equal('interrupted');
    expect(stdout()).not.to.contain('For real');
  });
});

describe('bob of the demo', () => {
  const temporaryDirectory = temporaryDirectories();

  it('registers, accepts, answers by himself when he is back, and tells what happens', async () => {
    const directory = await temporaryDirectory();
    const relay = await startRealRelay({ directory });
    const alice = await makePerson('alice', directory, relay.address);
    const env = { HOME: directory, XDG_RUNTIME_DIR: directory, [SEAT_VARIABLE]: 'none' };
    const flags = { 'data-dir': join(directory, 'bobs'), account: 'bob', json: true };
    const bob = makeCall({ env, flags });
    const ended = runBob(bob.call);
    const tell = (message: object): boolean => bob.stdin.write(`${JSON.stringify(message)}\n`);
    tell({ type: 'register', relay: relayUri(relay.address) });
    await bob.printed('"registered"');
    await alice.account.execute({ type: 'send', to: 'bob', text: 'hi bob' });
    await bob.printed('"accepted"');
    await alice.heard((event) => event.type === 'message' && event.message.text === BOB_SAYS);
    await bob.printed('"delivered"');
    const { number } = await alice.account.query({ type: 'fingerprint', who: 'bob' });
    expect(bob.stdout()).to.contain(`"number":"${number}"`);
    tell({ type: 'leave' });
    await bob.printed('"left"');
    await alice.account.execute({ type: 'send', to: 'bob', text: 'are you there?' });
    await alice.account.drain(5_000);
    tell({ type: 'return' });
    await bob.printed('"returned"');
    await alice.heard((event) => event.type === 'message' && event.message.text.startsWith('back again'));
    await alice.account.execute({ type: 'send', to: 'bob', text: 'and now?' });
    await alice.heard(
      (event) => event.type === 'message' && event.message.text.startsWith('I am only a program'),
    );
    tell({ type: 'stop' });
    expect(await ended).to.equal(0);
    await alice.account.close();
    await relay.stop();
  });

  it('removes everything when the demo disappears without a word', async () => {
    const directory = await temporaryDirectory();
    for (const name of ['ic-demo-abc', 'somebody-elses']) {
      const place = join(directory, name);
      await mkdir(join(place, 'bobs'), { recursive: true });
      const relay = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']);
      const killed = once(relay, 'close');
      const env = { HOME: directory, XDG_RUNTIME_DIR: directory, [SEAT_VARIABLE]: String(relay.pid) };
      const bob = makeCall({ env, flags: { 'data-dir': join(place, 'bobs'), account: 'bob', json: true } });
      const ended = runBob(bob.call);
      bob.stdin.end();
      expect(await ended).to.equal(0);
      if (name === 'somebody-elses') relay.kill('SIGTERM');
      expect((await killed)[1]).to.equal(name === 'somebody-elses' ? 'SIGTERM' : 'SIGKILL');
    }
    expect(await readdir(directory)).to.deep.equal(['somebody-elses']);
  });
});

describe('the place of a demo', () => {
  it('keeps settings of the user out and leads every path into itself', () => {
    const place = new DemoPlace();
    try {
      const env = place.environment({
        PATH: '/bin',
        LC_ALL: 'C',
        INTECHAT_ACCOUNT: 'zoe',
        HOME: '/home/zoe',
        NODE_OPTIONS: 'x',
      });
      expect(env).to.include({ PATH: '/bin', LC_ALL: 'C' });
      expect(env).not.to.have.any.keys('INTECHAT_ACCOUNT', 'NODE_OPTIONS');
      for (const name of ['HOME', 'TMPDIR', 'XDG_RUNTIME_DIR', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME']) {
        expect(env[name]?.startsWith(place.directory), name).to.equal(true);
      }
    } finally {
      place.hide();
      place.hide();
      place.remove();
      place.hide();
    }
  });
});

describe('a program of the demo', () => {
  function child(code: string): DemoChild {
    return new DemoChild({
      name: 'the program',
      programUrl: new URL('../../support/run-code.mjs', import.meta.url),
      args: [code],
      env: { PATH: process.env['PATH'] },
    });
  }

  it('is heard line by line, whatever else it prints', async () => {
    const talking = child(
      `console.log('words'); console.log('{"type":"a","n":1}'); setInterval(() => {}, 1e6)`,
    );
    const heard: unknown[] = [];
    talking.on('a', (said) => heard.push(said['n']));
    expect(await talking.until('a')).to.deep.equal({ type: 'a', n: 1 });
    await talking.stop();
    expect(heard).to.deep.equal([1]);
    await talking.stop();
    expect(await rejectionOf(talking.until('b'))).to.equal('demo-failed');
  });

  it('says what its last words were when it ends too early', async () => {
    const failing = child(`console.error('no luck today'); process.exit(3)`);
    const error = await failing.until('a').then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(String(error)).to.contain('the program ended too early: no luck today');
  });

  it('is ended when it does not want to end', async () => {
    const stubborn = child(
      `process.on('SIGTERM', () => {}); console.log('{"type":"a"}'); setInterval(() => {}, 1e6)`,
    );
    await stubborn.until('a');
    await stubborn.stop();
    await stubborn.ended;
  });
});

describe('a step of the demo', () => {
  const temporaryHome = temporaryDirectories();

  it('ends with the interruption', async () => {
    const { call } = makeCall({ env: { HOME: await temporaryHome() } });
    const steps = new Steps(call);
    const waiting = rejectionOf(steps.wait(say`for ever`, new Promise(() => {})));
    call.interruption.interrupt('SIGTERM');
    expect(await waiting).to.equal('terminated');
  });
});
