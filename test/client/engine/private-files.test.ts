import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  checkPrivate,
  makePrivateDirectory,
  readFileIfThere,
  writePrivateFile,
} from '../../../client/engine/private-files.ts';
import { utf8 } from '../../../crypto/bytes.ts';
import { refusalOf } from '../../support/refusal.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';

describe('private files', () => {
  const temporaryDirectory = temporaryDirectories();
  let directory: string;
  let umask: number;

  beforeEach(async () => {
    directory = await temporaryDirectory();
    umask = process.umask(0);
  });

  afterEach(() => process.umask(umask));

  function modeOf(path: string): number {
    return statSync(path).mode & 0o777;
  }

  it('are for the owner alone, whatever the umask', () => {
    const nested = join(directory, 'a', 'b');
    makePrivateDirectory(nested);
    writePrivateFile(join(nested, 'file'), utf8('x'));
    process.umask(0o777);
    writePrivateFile(join(nested, 'other'), utf8('x'));
    expect([join(directory, 'a'), nested].map(modeOf)).to.deep.equal([0o700, 0o700]);
    expect([join(nested, 'file'), join(nested, 'other')].map(modeOf)).to.deep.equal([0o600, 0o600]);
  });

  it('are replaced as a whole, and leave nothing beside them', () => {
    const path = join(directory, 'file');
    writePrivateFile(path, utf8('the first and longer one'));
    writePrivateFile(path, utf8('second'));
    expect(readFileSync(path, 'utf8')).to.equal('second');
    expect(readdirSync(directory)).to.deep.equal(['file']);
  });

  it('do not follow a link that somebody put in their place', () => {
    const victim = join(directory, 'victim');
    writeFileSync(victim, 'kept');
    symlinkSync(victim, join(directory, 'file'));
    writePrivateFile(join(directory, 'file'), utf8('new'));
    expect(readFileSync(victim, 'utf8')).to.equal('kept');
  });

  it('that cannot be written leave nothing', () => {
    mkdirSync(join(directory, 'file'));
    expect(refusalOf(() => writePrivateFile(join(directory, 'file'), utf8('x')))).to.equal('store-failed');
    expect(readdirSync(directory)).to.deep.equal(['file']);
    expect(refusalOf(() => writePrivateFile(join(directory, 'none', 'file'), utf8('x')))).to.equal(
      'store-failed',
    );
  });

  it('may be missing', () => {
    expect(readFileIfThere(join(directory, 'none'))).to.equal(undefined);
    writeFileSync(join(directory, 'file'), 'x');
    expect(readFileIfThere(join(directory, 'file', 'none'))).to.equal(undefined);
    expect(readFileIfThere(join(directory, 'file'))).to.deep.equal(utf8('x'));
  });

  it('are refused when others have any right to them', () => {
    const path = join(directory, 'file');
    writePrivateFile(path, utf8('x'));
    checkPrivate(path);
    for (const mode of [0o640, 0o604, 0o620, 0o601, 0o660]) {
      chmodSync(path, mode);
      expect(
        refusalOf(() => checkPrivate(path)),
        mode.toString(8),
      ).to.equal('unsafe-permissions');
    }
    chmodSync(path, 0o400);
    checkPrivate(path);
  });
});
