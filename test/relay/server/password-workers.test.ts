import { pathToFileURL } from 'node:url';
import { hashSync } from 'bcryptjs';
import { expect } from 'chai';
import { RelayError } from '../../../crypto/errors.ts';
import { PasswordWorkers } from '../../../relay/server/password-workers.ts';
import { ensureDist } from '../../support/dist.ts';
import { rejectionOf } from '../../support/rejection.ts';

/** As the client sends it: base64 of 32 bytes, without padding. */
const AUTH_KEY = 'A'.repeat(43);

describe('password workers', () => {
  let workerUrl: URL;
  let passwords: PasswordWorkers;

  before(async () => {
    workerUrl = new URL('password-worker.js', `${pathToFileURL(await ensureDist()).href}/`);
  });

  afterEach(async () => {
    await passwords.close();
  });

  it('hash at cost 10 and verify what they hashed', async () => {
    passwords = new PasswordWorkers({ workerUrl });
    const hash = await passwords.hash(AUTH_KEY);
    expect(hash).to.match(/^\$2[aby]\$10\$.{53}$/);
    expect(await passwords.verify(AUTH_KEY, hash)).to.equal(true);
    expect(await passwords.verify(`B${AUTH_KEY.slice(1)}`, hash)).to.equal(false);
    expect(await passwords.hash(AUTH_KEY)).to.not.equal(hash);
  });

  it('refuse what bcrypt would cut off at 72 bytes, instead of comparing a part of it', async () => {
    passwords = new PasswordWorkers({ workerUrl });
    const long = 'x'.repeat(72);
    expect(await rejectionOf(passwords.hash(`${long}y`))).to.equal('internal');
    const hash = hashSync(long, 4);
    expect(await passwords.verify(long, hash)).to.equal(true);
    expect(await rejectionOf(passwords.verify(`${long}y`, hash))).to.equal('internal');
  });

  it('answer a damaged hash with no, or a failure, and go on', async () => {
    passwords = new PasswordWorkers({ workerUrl });
    for (const hash of ['', 'x', '$2b$10$short', `$2b$99$${'a'.repeat(53)}`]) {
      const answer = await passwords.verify(AUTH_KEY, hash).catch((error: unknown) => error);
      expect(answer === false || answer instanceof RelayError, hash).to.equal(true);
    }
    expect(await passwords.verify(AUTH_KEY, hashSync(AUTH_KEY, 4))).to.equal(true);
  });

  it('take as many as fit the queue and tell the next ones when to come back', async () => {
    passwords = new PasswordWorkers({ workerUrl, workers: 2, queueMax: 32 });
    const hash = hashSync(AUTH_KEY, 4);
    const taken = Array.from({ length: 34 }, () => passwords.verify(AUTH_KEY, hash));
    const refused = await Promise.all(
      Array.from({ length: 6 }, () => passwords.verify(AUTH_KEY, hash).catch((error: unknown) => error)),
    );
    for (const error of refused) {
      expect(error).to.be.instanceOf(RelayError);
      expect((error as RelayError).code).to.equal('busy');
      expect((error as RelayError).retryAfterMs).to.be.greaterThan(0);
    }
    expect(await Promise.all(taken)).to.deep.equal(Array.from({ length: 34 }, () => true));
    expect(await passwords.verify(AUTH_KEY, hash)).to.equal(true);
  });

  it('leave the main thread free: other work gets its turn while twenty logins run', async () => {
    passwords = new PasswordWorkers({ workerUrl, workers: 2 });
    const hash = await passwords.hash(AUTH_KEY);
    const before = performance.eventLoopUtilization();
    const logins = Array.from({ length: 20 }, () => passwords.verify(AUTH_KEY, hash));
    expect(await Promise.all(logins)).to.not.include(false);
    // bcrypt on the main thread would keep the loop busy all the time.
    expect(performance.eventLoopUtilization(before).utilization).to.be.lessThan(0.5);
  });

  it('answer every job when they are closed, and take none afterwards', async () => {
    passwords = new PasswordWorkers({ workerUrl, workers: 1 });
    const hash = hashSync(AUTH_KEY, 10);
    const jobs = Array.from({ length: 5 }, () => rejectionOf(passwords.verify(AUTH_KEY, hash)));
    await passwords.close();
    expect(new Set(await Promise.all(jobs))).to.deep.equal(new Set(['draining']));
    expect(await rejectionOf(passwords.hash(AUTH_KEY))).to.equal('draining');
  });

  it('answer the jobs of a worker that cannot start, one by one', async () => {
    passwords = new PasswordWorkers({ workerUrl: new URL('no-such-worker.js', workerUrl), workers: 1 });
    const jobs = Array.from({ length: 3 }, () => rejectionOf(passwords.hash(AUTH_KEY)));
    expect(await Promise.all(jobs)).to.deep.equal(['internal', 'internal', 'internal']);
  });
});
