import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  deriveAccountId,
  formatAccountId,
  parseAccountId,
  parseAccountIdText,
} from '../../../crypto/account/account-id.ts';
import { toHex, utf8 } from '../../../crypto/bytes.ts';
import { parseServiceId } from '../../../crypto/keys/address.ts';
import { refusalOf } from '../../support/refusal.ts';

describe('account id', () => {
  it('is SHA-256 of domain and body with the bits of UUID version 8', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        const id = deriveAccountId(body);
        const hash = createHash('sha256').update('InteChat account v1').update(body).digest();
        for (let i = 0; i < 16; i++) {
          const mask = i === 6 ? 0x0f : i === 8 ? 0x3f : 0xff;
          expect((id[i] as number) & mask).to.equal((hash[i] as number) & mask);
        }
        expect(formatAccountId(id)).to.match(
          /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        );
      }),
    );
  });

  it('is a service id, so that pre-key messages bind it', () => {
    const id = deriveAccountId(utf8('body'));
    expect(toHex(parseServiceId(formatAccountId(id)) ?? new Uint8Array())).to.equal(`00${toHex(id)}`);
  });

  it('round-trips as text in either case', () => {
    const id = deriveAccountId(utf8('body'));
    const text = formatAccountId(id);
    expect(parseAccountIdText(text)).to.deep.equal(id);
    expect(parseAccountIdText(text.toUpperCase())).to.deep.equal(id);
  });

  it('is copied, not shared, when it is parsed', () => {
    const bytes = deriveAccountId(utf8('body')).slice();
    const id = parseAccountId(bytes);
    bytes.fill(0);
    expect(id).to.deep.equal(deriveAccountId(utf8('body')));
  });

  it('refuses other lengths and other UUID versions', () => {
    const id = deriveAccountId(utf8('body'));
    for (const bad of [
      id.slice(0, 15),
      new Uint8Array(17).fill(0x88),
      id.map((byte, i) => (i === 6 ? (byte & 0x0f) | 0x40 : byte)),
      id.map((byte, i) => (i === 8 ? byte & 0x3f : byte)),
    ]) {
      expect(refusalOf(() => parseAccountId(bad))).to.equal('bad-account-id');
    }
    for (const bad of ['', 'alice', formatAccountId(id).replaceAll('-', ''), `${formatAccountId(id)}0`]) {
      expect(refusalOf(() => parseAccountIdText(bad))).to.equal('bad-account-id');
    }
  });
});
