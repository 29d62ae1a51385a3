import { ed25519 } from '@noble/curves/ed25519.js';
import { expect } from 'chai';
import { concatBytes, fromHex, toHex, utf8 } from '../../../crypto/bytes.ts';
import { multiplyBasePoint, reduceScalar } from '../../../crypto/primitives/ed25519-group.ts';
import { isScratchClear, ready } from '../../../crypto/primitives/sodium.ts';
import { importPrivateKey, publicKeyOf } from '../../../crypto/primitives/x25519.ts';
import { xeddsaSign, xeddsaVerify, xeddsaVerifyStrict } from '../../../crypto/primitives/xeddsa.ts';
import { refusalOf } from '../../support/refusal.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { readSignalVectors } from '../../support/vectors.ts';

interface SignatureRow {
  readonly public: string;
  readonly message: string;
  readonly signature: string;
}

interface Primitives {
  readonly xeddsaByLibsignal: readonly (SignatureRow & {
    private: string;
    valid: boolean;
    signBit: number;
  })[];
  readonly xeddsaDeterministic: readonly (SignatureRow & { private: string; random: string })[];
  readonly xeddsaSpecial: readonly (SignatureRow & { case: string; valid: boolean })[];
  readonly alternateIdentity: readonly { signer: string; other: string; signature: string }[];
}

interface EdgePoints {
  readonly rows: readonly {
    name: string;
    public: string;
    identityPointZeroScalarSignatureVerifies: boolean;
  }[];
}

type EdgeCase = SignatureRow & { readonly case: string; readonly libsignal: boolean };

/** The one edge case that breaks none of our own stricter rules. */
const STRICTLY_VALID_EDGE_CASE = 'u = 9, a = 1';

function parts(row: SignatureRow): readonly [Uint8Array, Uint8Array, Uint8Array] {
  return [fromHex(row.public).subarray(1), fromHex(row.message), fromHex(row.signature)];
}

describe('XEdDSA', () => {
  before(ready);
  const vectors = readSignalVectors<Primitives>('primitives');

  it('verifies the signatures of libsignal, half of which carry a sign bit', () => {
    const signBits = new Set(vectors.xeddsaByLibsignal.map((row) => row.signBit));
    expect([...signBits].sort()).to.deep.equal([0, 1]);
    for (const row of vectors.xeddsaByLibsignal) {
      expect(xeddsaVerify(...parts(row))).to.equal(row.valid);
      expect(xeddsaVerifyStrict(...parts(row))).to.equal(row.valid);
      expect(toHex(publicKeyOf(importPrivateKey(fromHex(row.private))))).to.equal(row.public.slice(2));
    }
  });

  it('signs byte for byte what libsignal verified, given the same randomness', () => {
    for (const row of vectors.xeddsaDeterministic) {
      const privateKey = importPrivateKey(fromHex(row.private));
      const signature = xeddsaSign(privateKey, fromHex(row.message), fromHex(row.random));
      expect(toHex(signature)).to.equal(row.signature);
      expect(toHex(xeddsaSign(privateKey, fromHex(row.message), fromHex(row.random)))).to.equal(
        row.signature,
      );
    }
  });

  it('decides on special signatures as libsignal does', () => {
    for (const row of vectors.xeddsaSpecial) {
      expect(xeddsaVerify(...parts(row)), row.case).to.equal(row.valid);
    }
  });

  it('decides on edge cases of s, of keys and of points as libsignal does', () => {
    for (const row of readSignalVectors<readonly EdgeCase[]>('xeddsa-edges')) {
      expect(xeddsaVerify(...parts(row)), row.case).to.equal(row.libsignal);
    }
  });

  it('strictly accepts none of the edge cases but the one with an ordinary key', () => {
    for (const row of readSignalVectors<readonly EdgeCase[]>('xeddsa-edges')) {
      const expected = row.case === STRICTLY_VALID_EDGE_CASE;
      expect(xeddsaVerifyStrict(...parts(row)), row.case).to.equal(expected);
      expect(xeddsaVerifyStrict(...parts(row)), `${row.case} again`).to.equal(expected);
    }
  });

  it('decides on the signature (identity point, zero) under unusual keys as libsignal does', () => {
    const signature = new Uint8Array(64);
    signature[0] = 1;
    for (const row of readSignalVectors<EdgePoints>('edge-points').rows) {
      const key = fromHex(row.public).subarray(1);
      const expected = row.identityPointZeroScalarSignatureVerifies;
      expect(xeddsaVerify(key, utf8('m'), signature), row.name).to.equal(expected);
    }
  });

  it('takes s = L for zero, but not strictly', () => {
    const order = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
    const rows = readSignalVectors<readonly EdgeCase[]>('xeddsa-edges').filter(
      (row) => row.libsignal && row.case.includes(', s = 0,'),
    );
    expect(rows).to.have.length(8);
    for (const row of rows) {
      const [key, message, signature] = parts(row);
      for (let i = 0; i < 32; i++) signature[32 + i] = (signature[32 + i] as number) | (order[i] as number);
      expect(xeddsaVerify(key, message, signature), row.case).to.equal(true);
      expect(xeddsaVerifyStrict(key, message, signature), row.case).to.equal(false);
    }
  });

  it('verifies the signature of an alternate identity', () => {
    for (const row of vectors.alternateIdentity) {
      const message = concatBytes(
        new Uint8Array(32).fill(0xff),
        utf8('Signal_PNI_Signature'),
        fromHex(row.other),
      );
      expect(xeddsaVerify(fromHex(row.signer).subarray(1), message, fromHex(row.signature))).to.equal(true);
    }
  });

  it('verifies its own signatures, and no changed bit of key, message or signature', () => {
    for (let i = 0; i < 8; i++) {
      const privateKey = importPrivateKey(seededBytes(`signer ${i}`, 32));
      const publicKey = publicKeyOf(privateKey);
      const message = seededBytes(`message ${i}`, 10 * i);
      const signature = xeddsaSign(privateKey, message, seededBytes(`nonce ${i}`, 64));
      expect(xeddsaVerify(publicKey, message, signature)).to.equal(true);
      expect(xeddsaVerifyStrict(publicKey, message, signature)).to.equal(true);
      expect(xeddsaVerify(publicKey, concatBytes(message, Uint8Array.of(0)), signature)).to.equal(false);
      for (let bit = i; bit < 512; bit += 37) {
        const changed = signature.slice();
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(xeddsaVerify(publicKey, message, changed), `bit ${bit}`).to.equal(false);
      }
      const otherKey = publicKey.slice();
      otherKey[i] = (otherKey[i] as number) ^ 1;
      expect(xeddsaVerify(otherKey, message, signature)).to.equal(false);
    }
  });

  it('does not verify signatures and keys of other lengths', () => {
    const privateKey = importPrivateKey(seededBytes('signer', 32));
    const publicKey = publicKeyOf(privateKey);
    const signature = xeddsaSign(privateKey, utf8('m'), seededBytes('nonce', 64));
    for (const verify of [xeddsaVerify, xeddsaVerifyStrict]) {
      expect(verify(publicKey, utf8('m'), signature)).to.equal(true);
      expect(verify(publicKey, utf8('m'), signature.subarray(1))).to.equal(false);
      expect(verify(publicKey, utf8('m'), concatBytes(signature, Uint8Array.of(0)))).to.equal(false);
      expect(verify(publicKey, utf8('m'), new Uint8Array())).to.equal(false);
      expect(verify(publicKey.subarray(1), utf8('m'), signature)).to.equal(false);
      expect(verify(concatBytes(publicKey, Uint8Array.of(0)), utf8('m'), signature)).to.equal(false);
    }
  });

  it('gives different signatures for different randomness and refuses other lengths of it', () => {
    const privateKey = importPrivateKey(seededBytes('signer', 32));
    const first = xeddsaSign(privateKey, utf8('m'), seededBytes('nonce 1', 64));
    expect(xeddsaSign(privateKey, utf8('m'), seededBytes('nonce 2', 64))).to.not.deep.equal(first);
    expect(refusalOf(() => xeddsaSign(privateKey, utf8('m'), new Uint8Array(63)))).to.equal('bug');
  });

  it('refuses to sign with a wiped key', () => {
    const privateKey = importPrivateKey(seededBytes('signer', 32));
    xeddsaSign(privateKey, utf8('m'), seededBytes('nonce', 64));
    privateKey.wipe();
    expect(refusalOf(() => xeddsaSign(privateKey, utf8('m'), seededBytes('nonce', 64)))).to.equal('bug');
  });

  it('leaves nothing in the scratch area and changes no input', () => {
    const privateKey = importPrivateKey(seededBytes('signer', 32));
    const [message, nonce] = [seededBytes('message', 50), seededBytes('nonce', 64)];
    const signature = xeddsaSign(privateKey, message, nonce);
    expect(isScratchClear()).to.equal(true);
    const signatureCopy = signature.slice();
    xeddsaVerifyStrict(publicKeyOf(privateKey), message, signature);
    expect(isScratchClear()).to.equal(true);
    expect(signature).to.deep.equal(signatureCopy);
    expect(message).to.deep.equal(seededBytes('message', 50));
    expect(nonce).to.deep.equal(seededBytes('nonce', 64));
  });
});

describe('the Ed25519 group', () => {
  before(ready);

  it('multiplies the base point and reduces scalars as noble does', () => {
    for (let i = 0; i < 20; i++) {
      const wide = seededBytes(`scalar ${i}`, 64);
      const scalar = reduceScalar(wide);
      const integer = BigInt(`0x${toHex(scalar.slice().reverse())}`);
      expect(integer).to.equal(ed25519.Point.Fn.create(BigInt(`0x${toHex(wide.slice().reverse())}`)));
      expect(multiplyBasePoint(scalar)).to.deep.equal(ed25519.Point.BASE.multiply(integer).toBytes());
    }
  });

  it('refuses the scalar zero and scalars of more than 64 bytes', () => {
    expect(refusalOf(() => multiplyBasePoint(new Uint8Array(32)))).to.equal('bug');
    expect(isScratchClear()).to.equal(true);
    expect(refusalOf(() => reduceScalar(new Uint8Array(65)))).to.equal('bug');
  });
});
