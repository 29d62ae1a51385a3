import { inspect } from 'node:util';
import { expect } from 'chai';
import { toHex } from '../../crypto/bytes.ts';
import { Secret } from '../../crypto/secret.ts';
import { refusalOf } from '../support/refusal.ts';

describe('a secret', () => {
  const hidden = [0xde, 0xad, 0xbe, 0xef];
  const make = (): Secret<'StoreKey'> => new Secret('StoreKey', Uint8Array.from(hidden));

  it('shows its name and length wherever it is printed, never its bytes', () => {
    const secret = make();
    const shown = [String(secret), `${secret}`, inspect(secret), inspect({ deep: { secret } })];
    for (const text of shown) {
      expect(text).to.include('StoreKey(4 bytes)');
      expect(text).not.to.match(/222|de, ?ad|deadbeef|173/i);
    }
    expect(Object.keys(secret)).to.deep.equal(['name']);
  });

  it('is not serialised, however deep it lies', () => {
    expect(refusalOf(() => JSON.stringify({ a: [make()] }))).to.equal('bug');
  });

  it('is zeroed and of no use after it was wiped', () => {
    const bytes = Uint8Array.from(hidden);
    const secret = new Secret('StoreKey', bytes);
    secret.wipe();
    secret.wipe();
    expect(toHex(bytes)).to.equal('00000000');
    expect(secret.wiped).to.equal(true);
    expect(secret.length).to.equal(4);
    expect(refusalOf(() => secret.expose())).to.equal('bug');
    expect(refusalOf(() => secret.clone())).to.equal('bug');
  });

  it('is wiped at the end of its scope', () => {
    const outer = make();
    {
      using inner = outer;
      expect(toHex(inner.expose())).to.equal('deadbeef');
    }
    expect(outer.wiped).to.equal(true);
  });

  it('lives on in a clone when the other one is wiped', () => {
    const secret = make();
    const copy = secret.clone();
    secret.wipe();
    expect(toHex(copy.expose())).to.equal('deadbeef');
    expect(copy.name).to.equal('StoreKey');
  });
});
