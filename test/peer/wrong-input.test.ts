// Goal: whatever a line holds, the driver answers it with the documented code, changes nothing and goes on.

import { expect } from 'chai';
import type { Answer } from './driver-process.ts';
import { DriverProcess } from './driver-process.ts';

const ALICE = { name: 'alice', deviceId: 1 };
const BOB = { name: 'bob', deviceId: 2 };
const KEY = `05${'09'.repeat(32)}`;
const SIGNATURE = '00'.repeat(64);

/** One thing wrong with an otherwise good request: [what, op, change, code]. `undefined` removes a field. */
type Row = readonly [string, string, object, string];

function good(bundle: object): Readonly<Record<string, object>> {
  const party = 'a';
  return {
    party: { party: 'new', name: 'new', deviceId: 1, registrationId: 1 },
    bundle: { party, oneTime: true },
    importKeys: { party, signedPreKeys: [], kemPreKeys: [], preKeys: [] },
    processBundle: { party, remote: BOB, bundle },
    encrypt: { party, remote: BOB, plaintext: '00' },
    decrypt: { party, remote: BOB, type: 2, message: '44' },
    archive: { party, remote: BOB },
    state: { party, remote: BOB },
    save: { party },
    restore: { party, state: '00' },
    sign: { private: '01'.repeat(32), message: '' },
    verify: { public: KEY, message: '', signature: SIGNATURE },
    fingerprint: { iterations: 2, localId: '01', localKey: KEY, remoteId: '02', remoteKey: KEY },
    fingerprintCompare: { mine: '', theirs: '' },
    trust: { party, remote: BOB, identityKey: KEY },
    plaintextContent: { type: 7, message: '', timestamp: 1, deviceId: 1 },
    decryptionError: { content: 'c042041001180180' },
  };
}

/** Every documented field, made missing, of a wrong type and of a wrong form. */
function formRows(requests: Readonly<Record<string, object>>): readonly Row[] {
  const rows: Row[] = [];
  for (const [op, fields] of Object.entries(requests)) {
    for (const [name, value] of Object.entries(fields)) {
      rows.push([`${name} missing`, op, { [name]: undefined }, 'bad-request']);
      for (const wrong of [null, {}, [], 1.5, -1, typeof value === 'boolean' ? 'true' : true]) {
        if (Array.isArray(value) && Array.isArray(wrong)) continue;
        rows.push([`${name} = ${JSON.stringify(wrong)}`, op, { [name]: wrong }, 'bad-request']);
      }
      const isText = name === 'party' || name === 'name';
      if (typeof value === 'string' && !isText) {
        for (const wrong of ['0', '0g', 'zz', 'AB', ' 00', '0x00', 7]) {
          rows.push([`${name} = ${JSON.stringify(wrong)}`, op, { [name]: wrong }, 'bad-request']);
        }
      }
    }
  }
  return rows;
}

const LOW_ORDER = `05${'00'.repeat(32)}`;
const TOO_SHORT = KEY.slice(2);
const WRONG_TYPE = `06${KEY.slice(2)}`;

const VALUE_ROWS: readonly Row[] = [
  ['device 0', 'party', { deviceId: 0 }, 'bad-request'],
  ['device 128', 'party', { deviceId: 128 }, 'bad-request'],
  ['registration id beyond 32 bits', 'party', { registrationId: 2 ** 32 }, 'bad-request'],
  ['an identity key of 31 bytes', 'party', { identityPrivate: '01'.repeat(31) }, 'bad-request'],
  ['a remote device 0', 'encrypt', { remote: { name: 'bob', deviceId: 0 } }, 'bad-request'],
  ['a remote device 128', 'decrypt', { remote: { name: 'bob', deviceId: 128 } }, 'bad-request'],
  ['a remote without name', 'encrypt', { remote: { deviceId: 1 } }, 'bad-request'],
  ['an unknown party', 'encrypt', { party: 'nobody' }, 'bad-request'],
  ['an unknown party to save', 'save', { party: 'nobody' }, 'bad-request'],
  ['no session to encrypt with', 'encrypt', {}, 'session-not-found'],
  ['a time that is no number', 'encrypt', { now: 'soon' }, 'bad-request'],
  ['no session to archive', 'archive', {}, 'session-not-found'],
  ['no session to describe', 'state', {}, 'session-not-found'],
  ['type 1', 'decrypt', { type: 1 }, 'bad-request'],
  ['type 7', 'decrypt', { type: 7 }, 'bad-request'],
  ['a short message', 'decrypt', {}, 'invalid-message'],
  ['an empty message', 'decrypt', { message: '' }, 'invalid-message'],
  ['an empty pre-key message', 'decrypt', { type: 3, message: '' }, 'invalid-message'],
  ['an old message', 'decrypt', { message: `24${'00'.repeat(8)}` }, 'legacy-version'],
  ['an old pre-key message', 'decrypt', { type: 3, message: '2200' }, 'legacy-version'],
  ['a message of the future', 'decrypt', { message: `54${'00'.repeat(8)}` }, 'unrecognized-version'],
  ['a pre-key message of the future', 'decrypt', { type: 3, message: '55' }, 'unrecognized-version'],
  [
    'a message without session',
    'decrypt',
    { message: `440a21${KEY}100018002200${'00'.repeat(8)}` },
    'session-not-found',
  ],
  ['a state that is none', 'restore', {}, 'bad-request'],
  ['a private key of 33 bytes', 'sign', { private: '01'.repeat(33) }, 'bad-request'],
  ['a short public key', 'verify', { public: TOO_SHORT }, 'invalid-key'],
  ['a public key of another type', 'verify', { public: WRONG_TYPE }, 'invalid-key'],
  ['one iteration', 'fingerprint', { iterations: 1 }, 'bad-request'],
  ['a million and one iterations', 'fingerprint', { iterations: 1_000_001 }, 'bad-request'],
  ['a negative version', 'fingerprint', { version: -1 }, 'bad-request'],
  ['a short fingerprint key', 'fingerprint', { localKey: TOO_SHORT }, 'invalid-key'],
  ['a fingerprint key of another type', 'fingerprint', { remoteKey: WRONG_TYPE }, 'invalid-key'],
  ['fingerprints that are none', 'fingerprintCompare', {}, 'bad-request'],
  ['a short key to trust', 'trust', { identityKey: TOO_SHORT }, 'invalid-key'],
  ['a key of small order to trust', 'trust', { identityKey: LOW_ORDER }, 'invalid-key'],
  ['an error about an error', 'plaintextContent', { type: 8 }, 'bad-request'],
  ['an error about nonsense', 'plaintextContent', { type: 2 }, 'invalid-message'],
  ['an error of device 0', 'plaintextContent', { deviceId: 0 }, 'bad-request'],
  ['content that is none', 'decryptionError', { content: '00' }, 'unrecognized-version'],
  ['empty content', 'decryptionError', { content: '' }, 'invalid-message'],
  ['damaged content', 'decryptionError', { content: 'c080' }, 'invalid-message'],
];

const BUNDLE_ROWS: readonly (readonly [string, object, string])[] = [
  ['a short identity key', { identityKey: TOO_SHORT }, 'invalid-key'],
  ['an identity key of another type', { identityKey: WRONG_TYPE }, 'invalid-key'],
  ['an identity key of small order', { identityKey: LOW_ORDER }, 'invalid-key'],
  ['a short signed pre-key', { signedPreKey: TOO_SHORT }, 'invalid-key'],
  ['a one-time key of small order', { preKey: LOW_ORDER }, 'invalid-key'],
  ['a one-time key of another type', { preKey: WRONG_TYPE }, 'invalid-key'],
  ['a KEM key of another type', { kemPreKey: `0a${'00'.repeat(1568)}` }, 'invalid-key'],
  ['a short KEM key', { kemPreKey: '08' }, 'invalid-key'],
  ['a short signature', { signedPreKeySignature: '00' }, 'invalid-signature'],
  ['a wrong signature', { signedPreKeySignature: SIGNATURE }, 'invalid-signature'],
  ['a wrong KEM signature', { kemPreKeySignature: SIGNATURE }, 'invalid-signature'],
  ['another KEM key', { kemPreKey: `08${'00'.repeat(1568)}` }, 'invalid-signature'],
  ['a one-time id without its key', { preKey: undefined }, 'bad-request'],
  ['a one-time key without its id', { preKeyId: undefined }, 'bad-request'],
  ['no KEM key', { kemPreKey: undefined }, 'bad-request'],
  ['device 200', { deviceId: 200 }, 'bad-request'],
];

const IMPORT_ROWS: readonly (readonly [string, object, string])[] = [
  ['a list that is none', { preKeys: {} }, 'bad-request'],
  ['a list of numbers', { preKeys: [1] }, 'bad-request'],
  ['a short private key', { preKeys: [{ id: 1, private: '01' }] }, 'bad-request'],
  ['an id beyond 32 bits', { preKeys: [{ id: 2 ** 32, private: '01'.repeat(32) }] }, 'bad-request'],
  [
    'a signed pre-key without signature',
    { signedPreKeys: [{ id: 1, private: '01'.repeat(32) }] },
    'bad-request',
  ],
  [
    'a KEM key of another type',
    {
      kemPreKeys: [
        { id: 1, public: `0a${'00'.repeat(1568)}`, secret: `08${'00'.repeat(3168)}`, signature: SIGNATURE },
      ],
    },
    'invalid-key',
  ],
];

/** Not even JSON objects: answered with id null. */
const LINES: readonly string[] = [
  '',
  ' ',
  'x',
  '{',
  '{"id":1,"op":"save"',
  'null',
  'true',
  '7',
  '"save"',
  '[]',
  '[{"id":1,"op":"save"}]',
  '{"id":1}{"id":2}',
  '\u0000',
  '\ufeff{"id":1,"op":"save"}',
  '['.repeat(100_000),
];

describe('the peer driver, given wrong input', () => {
  let driver: DriverProcess;
  let bundle: object;
  let requests: Readonly<Record<string, object>>;
  let saved: unknown;

  before(async () => {
    driver = new DriverProcess();
    await driver.do('party', { party: 'a', ...ALICE, registrationId: 1 });
    await driver.do('party', { party: 'b', ...BOB, registrationId: 2 });
    const { id: _id, ok: _ok, ...made } = await driver.do('bundle', { party: 'b', oneTime: true });
    bundle = made;
    requests = good(bundle);
    saved = (await driver.do('save', { party: 'a' }))['state'];
  });

  afterEach(async () => {
    expect((await driver.do('save', { party: 'a' }))['state']).to.equal(saved);
  });

  after(async () => {
    expect(await driver.end()).to.equal(0);
    expect(driver.unread).to.deep.equal([]);
    expect(driver.stderr).to.equal('');
  });

  async function expectCode(op: string, change: object, code: string, what: string): Promise<void> {
    expect(await driver.refusal(op, { ...requests[op], ...change }), `${op}: ${what}`).to.equal(code);
  }

  it('answers lines that are no JSON objects with id null', async () => {
    for (const line of LINES) {
      driver.write(`${line}\n`);
      const answer = await driver.nextLine();
      expect(answer, line.slice(0, 40)).to.equal('{"id":null,"ok":false,"error":"bad-request"}');
    }
    driver.write(Uint8Array.of(0xff, 0xfe, 0x0a));
    expect(await driver.nextLine()).to.equal('{"id":null,"ok":false,"error":"bad-request"}');
  });

  it('sends simple ids back as they are and no others', async () => {
    for (const [id, echoed] of [
      ['"x"', '"x"'],
      ['0', '0'],
      ['-1.5', '-1.5'],
      ['null', 'null'],
      ['true', 'true'],
      ['{}', 'null'],
      [`${'['.repeat(5000)}${']'.repeat(5000)}`, 'null'],
    ]) {
      driver.write(`{"id":${id},"op":"nonsense"}\n`);
      expect(await driver.nextLine()).to.equal(`{"id":${echoed},"ok":false,"error":"bad-request"}`);
    }
    driver.write('{"op":"nonsense"}\n');
    expect(await driver.nextLine()).to.equal('{"id":null,"ok":false,"error":"bad-request"}');
  });

  it('knows no other operations, also not those of objects', async () => {
    const names = ['', 'Party', 'constructor', '__proto__', 'toString', 'groupCreate', 'groupProcess'];
    const later = ['groupEncrypt', 'groupDecrypt', 'sealedCertificate', 'sealedEncrypt', 'sealedDecrypt'];
    for (const op of [...names, ...later, 'sealedMultiEncrypt', 'sealedSplit']) {
      expect(await driver.refusal(op, { party: 'a' }), op).to.equal('bad-request');
    }
    for (const op of ['1', 'null', '{}', '["save"]']) {
      driver.write(`{"id":9,"op":${op},"party":"a"}\n`);
      expect(await driver.nextLine()).to.equal('{"id":9,"ok":false,"error":"bad-request"}');
    }
  });

  it('refuses every field that is missing or has the wrong form as a bad request', async () => {
    for (const [what, op, change, code] of formRows(requests)) await expectCode(op, change, code, what);
  });

  it('refuses values by their documented codes', async () => {
    for (const [what, op, change, code] of VALUE_ROWS) await expectCode(op, change, code, what);
  });

  it('refuses bundles by their documented codes', async () => {
    for (const [what, change, code] of BUNDLE_ROWS) {
      await expectCode('processBundle', { bundle: { ...bundle, ...change } }, code, what);
    }
    for (const name of Object.keys(bundle)) {
      await expectCode('processBundle', { bundle: { ...bundle, [name]: undefined } }, 'bad-request', name);
    }
  });

  it('imports all keys or none', async () => {
    const fine = { preKeys: [{ id: 77, private: '01'.repeat(32) }] };
    for (const [what, change, code] of IMPORT_ROWS) {
      await expectCode('importKeys', { ...fine, ...change }, code, what);
    }
  });

  it('calls a signature of another length invalid, not wrong', async () => {
    for (const signature of ['', '00', SIGNATURE, `${SIGNATURE}00`]) {
      const answer: Answer = await driver.do('verify', { ...requests['verify'], signature });
      expect(answer['valid']).to.equal(false);
    }
  });

  it('compares fingerprints of different versions never', async () => {
    const scannable = async (version: number): Promise<unknown> =>
      (await driver.do('fingerprint', { ...requests['fingerprint'], version }))['scannable'];
    const [one, two] = [await scannable(1), await scannable(2)];
    expect(await driver.refusal('fingerprintCompare', { mine: one, theirs: two })).to.equal('bad-request');
    const same = await driver.do('fingerprintCompare', { mine: two, theirs: two });
    expect(same['equal']).to.equal(false);
  });

  it('keeps a party when a restore of it is refused', async () => {
    const truncated = String(saved).slice(0, -2);
    for (const state of ['', '00', truncated, `${String(saved)}00`]) {
      expect(await driver.refusal('restore', { party: 'a', state })).to.equal('bad-request');
    }
  });
});
