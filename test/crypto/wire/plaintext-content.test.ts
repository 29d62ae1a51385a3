import { expect } from 'chai';
import { concatBytes, fromHex, toHex } from '../../../crypto/bytes.ts';
import {
  decodePlaintextContent,
  describeFailedMessage,
  encodePlaintextContent,
} from '../../../crypto/wire/plaintext-content.ts';
import { refusalOf } from '../../support/refusal.ts';
import { readSignalVectors } from '../../support/vectors.ts';

interface Case {
  readonly type: number;
  readonly message: string;
  readonly timestamp: number;
  readonly deviceId: number;
  readonly plaintextContent: string;
  readonly ratchetKey?: string | null;
}

describe('a decryption error', () => {
  const { cases } = readSignalVectors<{ cases: readonly Case[] }>('plaintext-content');
  const whisper = cases.find((each) => each.type === 2) as Case;
  const valid = fromHex(whisper.plaintextContent);

  it('is recorded for types 2, 3 and 7', () => {
    expect(cases.map((each) => each.type)).to.have.members([2, 3, 7]);
  });

  for (const each of cases) {
    it(`reproduces the recorded one of a type ${each.type} message`, () => {
      const failed = { type: each.type, bytes: fromHex(each.message) };
      const error = describeFailedMessage(failed, each.timestamp, each.deviceId);
      expect(toHex(encodePlaintextContent(error))).to.equal(each.plaintextContent);
      const decoded = decodePlaintextContent(fromHex(each.plaintextContent));
      expect(decoded.timestampMs).to.equal(each.timestamp);
      expect(decoded.deviceId).to.equal(each.deviceId);
      expect(decoded.ratchetKey && toHex(decoded.ratchetKey)).to.equal(each.ratchetKey ?? undefined);
    });
  }

  it('is never made for a message that is a decryption error itself', () => {
    for (const type of [0, 1, 4, 8, 9]) {
      const code = refusalOf(() => describeFailedMessage({ type, bytes: valid }, 1, 1));
      expect(code).to.equal('bad-message-type');
    }
  });

  it('is not made for bytes that are no message', () => {
    expect(refusalOf(() => describeFailedMessage({ type: 2, bytes: valid }, 1, 1))).to.equal(
      'unrecognized-version',
    );
    expect(refusalOf(() => describeFailedMessage({ type: 2, bytes: new Uint8Array(8) }, 1, 1))).to.equal(
      'invalid-message',
    );
    expect(refusalOf(() => describeFailedMessage({ type: 3, bytes: Uint8Array.of(0x24) }, 1, 1))).to.equal(
      'legacy-version',
    );
  });

  it('writes a timestamp and a device also when they are 0', () => {
    const encoded = encodePlaintextContent({ ratchetKey: undefined, timestampMs: 0, deviceId: 0 });
    expect(toHex(encoded)).to.equal('c042041000180080');
    expect(decodePlaintextContent(encoded)).to.deep.equal({
      ratchetKey: undefined,
      timestampMs: 0,
      deviceId: 0,
    });
  });

  it('begins with C0', () => {
    const other = valid.slice();
    for (const first of [0x00, 0x44, 0x80, 0xc1]) {
      other[0] = first;
      expect(refusalOf(() => decodePlaintextContent(other))).to.equal('unrecognized-version');
    }
  });

  it('ends in exactly one padding byte', () => {
    for (const bad of [
      valid.subarray(0, -1),
      concatBytes(valid, Uint8Array.of(0)),
      concatBytes(valid, Uint8Array.of(0x80)),
    ]) {
      expect(refusalOf(() => decodePlaintextContent(bad))).to.equal('invalid-message');
    }
  });

  it('skips unknown fields', () => {
    const unknown = concatBytes(valid.subarray(0, 1), fromHex('4a0101'), valid.subarray(1));
    expect(decodePlaintextContent(unknown).timestampMs).to.equal(whisper.timestamp);
    const inside = decodePlaintextContent(fromHex('c042 08 1005 1801 22020102 80'.replaceAll(' ', '')));
    expect(inside).to.deep.equal({ ratchetKey: undefined, timestampMs: 5, deviceId: 1 });
  });

  const refused: readonly (readonly [string, string])[] = [
    ['an empty input', ''],
    ['no body', 'c080'],
    ['a body without field 8', 'c04a010180'],
    ['no timestamp', 'c042021802 80'],
    ['a ratchet key of a wrong length', 'c0420a0a0405010203 1001180180'],
    ['a timestamp above 2^53-1', 'c0420c10ffffffffffffffff7f180180'],
    ['a truncated inner message', 'c042ff0180'],
    ['a wrong wire type', 'c0400180'],
  ];
  for (const [what, bytes] of refused) {
    it(`refuses ${what}`, () => {
      expect(refusalOf(() => decodePlaintextContent(fromHex(bytes.replaceAll(' ', ''))))).to.equal(
        'invalid-message',
      );
    });
  }
});
