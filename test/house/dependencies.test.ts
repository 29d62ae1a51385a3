/** Everything installed must run on the oldest Node we promise, under a licence that MIT code may use. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import semver from 'semver';
import { root } from '../support/sources.ts';

interface Locked {
  readonly version?: string;
  readonly engines?: { readonly node?: string };
  readonly license?: string;
  readonly dev?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
}

const OLDEST_NODE = '20.19.0';
const ALLOWED_LICENCES =
  /^(MIT|ISC|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|0BSD|CC0-1\.0|BlueOak-1\.0\.0|Python-2\.0|\(?MIT OR [\w.-]+\)?)$/;
/** The packages this project stands on by decision, all of them really used. */
const FIXED = ['libsodium-wrappers', '@noble/curves', 'ws', 'level', 'bcryptjs', 'yargs'];

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};
const installed = Object.entries(lock.packages).filter(([path]) => path !== '');

describe('dependencies', () => {
  it(`all accept Node ${OLDEST_NODE}`, () => {
    const wrong = installed
      .filter(
        ([, { engines }]) => engines?.node !== undefined && !semver.satisfies(OLDEST_NODE, engines.node),
      )
      .map(([path, { engines }]) => `${path} wants ${engines?.node}`);
    expect(wrong).to.deep.equal([]);
  });

  it('are under licences that MIT code may ship with', () => {
    const wrong = installed
      .filter(([, { dev, license }]) => dev !== true && !ALLOWED_LICENCES.test(license ?? ''))
      .map(([path, { license }]) => `${path}: ${license}`);
    expect(wrong).to.deep.equal([]);
  });

  it('are pinned exactly, with integrity and without download addresses in the lock', () => {
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      expect(version, name).to.match(/^(npm:[\w/@-]+@)?\d+\.\d+\.\d+$/);
    }
    for (const [path, { integrity, resolved }] of installed) {
      expect(integrity, path).to.be.a('string');
      expect(resolved, path).to.equal(undefined);
    }
  });

  it('include every fixed package', () => {
    for (const name of FIXED) expect(manifest.dependencies).to.have.property(name);
    for (const name of ['mocha', 'chai']) expect(manifest.devDependencies).to.have.property(name);
  });
});
