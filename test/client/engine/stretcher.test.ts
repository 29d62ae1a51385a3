import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import {
  inlineStretcher,
  type Stretcher,
  systemStretcher,
  workerStretcher,
} from '../../../client/engine/stretcher.ts';
import { equalBytes, utf8 } from '../../../crypto/bytes.ts';
import { Secret } from '../../../crypto/secret.ts';
import { authKdfParams, type KdfParams } from '../../../crypto/vault/passphrase.ts';
import { ensureDist } from '../../support/dist.ts';
import { rejectionOf } from '../../support/rejection.ts';

const params: KdfParams = { salt: new Uint8Array(16).fill(3), memoryKiB: 65_536, passes: 3 };
const other = authKdfParams(new Uint8Array(32), 'alice');

function passphrase(text: string): Secret<'Passphrase'> {
  return new Secret('Passphrase', utf8(text));
}

describe('stretcher', function () {
  this.timeout(60_000);
  let worker: Stretcher;

  before(async () => {
    worker = workerStretcher(pathToFileURL(join(await ensureDist(), 'argon2-worker.js')));
  });

  it('derives the same keys in a worker as in this thread, one per salt', async () => {
    const typed = passphrase('correct horse');
    const here = await inlineStretcher.stretch(typed, [params, other]);
    const there = await worker.stretch(typed, [params, other]);
    expect(there.length).to.equal(2);
    for (const [index, key] of there.entries()) {
      expect(equalBytes(key.expose(), here[index]?.expose() ?? new Uint8Array(0))).to.equal(true);
    }
    expect(equalBytes(there[0]?.expose() ?? utf8(''), there[1]?.expose() ?? utf8(''))).to.equal(false);
    expect(Buffer.from(typed.expose()).toString()).to.equal('correct horse');
  });

  it('takes two spellings of one passphrase for one', async () => {
    const [composed] = await worker.stretch(passphrase('caf\u00e9'), [params]);
    const [decomposed] = await worker.stretch(passphrase('cafe\u0301'), [params]);
    expect(equalBytes(composed?.expose() ?? utf8('a'), decomposed?.expose() ?? utf8('b'))).to.equal(true);
  });

  it('hands over refusals with their code and class', async () => {
    expect(await rejectionOf(worker.stretch(passphrase(''), [params]))).to.equal('passphrase-empty');
    const cheap = { ...params, passes: 1 };
    expect(await rejectionOf(worker.stretch(passphrase('x'), [cheap]))).to.equal('kdf-out-of-bounds');
    const latin1 = new Secret('Passphrase', Uint8Array.of(0x63, 0xe9));
    expect(await rejectionOf(worker.stretch(latin1, [params]))).to.equal('bad-utf8');
  });

  it('keeps this thread free while it works', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    await worker.stretch(passphrase('x'), [params]);
    clearInterval(timer);
    expect(turns).to.be.greaterThan(3);
  });

  it('says that an installation without its worker is broken', async () => {
    const missing = workerStretcher(pathToFileURL(join(await ensureDist(), 'no-such-worker.js')));
    expect(await rejectionOf(missing.stretch(passphrase('x'), [params]))).to.equal('bug');
  });

  it('works in this thread where the sources run as they are', () => {
    expect(systemStretcher()).to.equal(inlineStretcher);
  });
});
