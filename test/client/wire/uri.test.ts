import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { formatEndpoint, parseEndpoint } from '../../../client/wire/endpoint.ts';
import { type ChatUri, formatUri, parseUri, type RelayAddress } from '../../../client/wire/uri.ts';
import { deriveAccountId, formatAccountId } from '../../../crypto/account/account-id.ts';
import { toHex, utf8 } from '../../../crypto/bytes.ts';
import { UsageError } from '../../../crypto/errors.ts';
import { Secret } from '../../../crypto/secret.ts';
import { refusalOf } from '../../support/refusal.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';

const fingerprint = seededBytes('relay', 32);
const pin = toHex(fingerprint);
const relay: RelayAddress = { fingerprint, host: 'relay.example', port: 7443 };
const account = deriveAccountId(utf8('alice'));
const capability = seededBytes('capability', 32);
const token = Buffer.from(capability).toString('base64url');
const base = `ic://${pin}@relay.example:7443`;
const person = `${base}/u/alice#${token}.${formatAccountId(account)}`;

/** What two addresses mean, with their secrets laid open. */
function plain(uri: ChatUri): unknown {
  if (uri.kind === 'person') return { ...uri, capability: toHex(uri.capability.expose()) };
  if (uri.kind === 'group') return { ...uri, groupSecret: toHex(uri.groupSecret.expose()) };
  return uri;
}

describe('ic:// address', () => {
  it('names a relay with or without its fingerprint', () => {
    expect(parseUri(base)).to.deep.equal({ kind: 'relay', relay });
    expect(formatUri({ kind: 'relay', relay })).to.equal(base);
    const unpinned = { host: '127.0.0.1', port: 7443 };
    expect(parseUri('ic://127.0.0.1:7443')).to.deep.equal({ kind: 'relay', relay: unpinned });
    expect(formatUri({ kind: 'relay', relay: unpinned })).to.equal('ic://127.0.0.1:7443');
  });

  it('names an invitation', () => {
    const uri = { kind: 'invitation', relay, code: 'Xy_9-z' } as const;
    expect(formatUri(uri)).to.equal(`${base}/i/Xy_9-z`);
    expect(parseUri(`${base}/i/Xy_9-z`)).to.deep.equal(uri);
  });

  it('names a person by name, capability and account', () => {
    const uri = parseUri(person);
    expect(plain(uri)).to.deep.equal({
      kind: 'person',
      relay,
      name: 'alice',
      capability: toHex(capability),
      account,
    });
    expect(formatUri(uri)).to.equal(person);
  });

  it('names a group by id and secret', () => {
    const group = seededBytes('group', 32);
    const text = `${base}/g/${Buffer.from(group).toString('base64url')}#${token}`;
    const uri = parseUri(text);
    expect(plain(uri)).to.deep.equal({ kind: 'group', relay, group, groupSecret: toHex(capability) });
    expect(formatUri(uri)).to.equal(text);
  });

  it('is read as people paste it', () => {
    expect(parseUri(`  ${base}/ \n`)).to.deep.equal({ kind: 'relay', relay });
    expect(parseUri(`IC://${pin.toUpperCase()}@Relay.Example`)).to.deep.equal({ kind: 'relay', relay });
  });

  it('carries names of any script', () => {
    const uri: ChatUri = {
      kind: 'person',
      relay,
      name: 'борис',
      capability: new Secret('Capability', capability.slice()),
      account,
    };
    expect(formatUri(uri)).to.match(/^[\x21-\x7e]+$/);
    expect(plain(parseUri(formatUri(uri)))).to.deep.equal(plain(uri));
    expect(plain(parseUri(decodeURI(formatUri(uri))))).to.deep.equal(plain(uri));
  });

  it('round-trips every address', () => {
    const bytesOf = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const anyRelay: fc.Arbitrary<RelayAddress> = fc.record(
      {
        fingerprint: bytesOf,
        host: fc.oneof(
          fc.domain().map((host) => host.toLowerCase()),
          fc.ipV4(),
          fc.constantFrom('::1', 'fe80::1'),
        ),
        port: fc.integer({ min: 1, max: 65_535 }),
      },
      { requiredKeys: ['host', 'port'] },
    );
    const anyUri: fc.Arbitrary<ChatUri> = fc.oneof(
      fc.record({ kind: fc.constant('relay' as const), relay: anyRelay }),
      fc.record({
        kind: fc.constant('invitation' as const),
        relay: anyRelay,
        code: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
      }),
      fc.record({
        kind: fc.constant('person' as const),
        relay: anyRelay,
        name: fc.constantFrom('alice', 'bob.9', 'jürgen', '山田太郎'),
        capability: bytesOf.map((bytes) => new Secret('Capability', bytes)),
        account: fc.uint8Array().map((seed) => deriveAccountId(seed)),
      }),
      fc.record({
        kind: fc.constant('group' as const),
        relay: anyRelay,
        group: bytesOf,
        groupSecret: bytesOf.map((bytes) => new Secret('GroupSecret', bytes)),
      }),
    );
    fc.assert(
      fc.property(anyUri, (uri) => {
        const text = formatUri(uri);
        expect(plain(parseUri(text))).to.deep.equal(plain(uri));
        expect(formatUri(parseUri(text))).to.equal(text);
      }),
      { numRuns: 500 },
    );
  });

  for (const text of [
    '',
    'alice',
    'ic://',
    'ic:///',
    `http://${pin}@relay.example:7443`,
    `ic://${pin.slice(1)}@relay.example:7443`,
    `ic://${pin}0@relay.example:7443`,
    `ic://@relay.example:7443`,
    `ic://${pin}@${pin}@relay.example:7443`,
    `ic://${pin}@relay.example:0`,
    `ic://${pin}@relay.example:65536`,
    `ic://${pin}@relay.example:7443x`,
    `ic://${pin}@relay..example:7443`,
    `ic://${pin}@-relay.example:7443`,
    `ic://${pin}@relay_example:7443`,
    `ic://${pin}@rel ay.example:7443`,
    `ic://${pin}@рelay.example:7443`,
    `ic://${pin}@[::1:7443`,
    `ic://${pin}@[::1::]:7443`,
    `ic://${pin}@[1:2:3:4:5:6:7:8:9]:7443`,
    `ic://${pin}@[12345::]:7443`,
    `ic://${pin}@::1:7443`,
    `ic://${pin}@${'a'.repeat(254)}:7443`,
    `${base}#fragment`,
    `${base}/i`,
    `${base}/i/`,
    `${base}/i/a/b`,
    `${base}/i/a b`,
    `${base}/i/${'a'.repeat(65)}`,
    `${base}/i/code#x`,
    `${base}/x/y`,
    `${base}/u/alice`,
    `${base}/u/alice#`,
    `${base}/u/alice#${token}`,
    `${base}/u/alice#${token}.`,
    `${base}/u/alice#${token.slice(1)}.${formatAccountId(account)}`,
    `${base}/u/alice#${token}.${formatAccountId(account)}.x`,
    `${base}/u/alice#${token}.${formatAccountId(account)}#x`,
    `${base}/u/alice#${token}.12345678-1234-4234-8234-123456789abc`,
    `${base}/u/Alice#${token}.${formatAccountId(account)}`,
    `${base}/u/a#${token}.${formatAccountId(account)}`,
    `${base}/u/%#${token}.${formatAccountId(account)}`,
    `${base}/u/%ff%ff%ff#${token}.${formatAccountId(account)}`,
    `${base}/g/${token}`,
    `${base}/g/${token}#`,
    `${base}/g/${token}#${token}A`,
    `${base}/g/short#${token}`,
    `${base}/${'i/'.repeat(600)}`,
  ]) {
    it(`refuses ${JSON.stringify(text.replaceAll(pin, 'FP').replaceAll(token, 'CAP').slice(0, 60))}`, () => {
      expect(refusalOf(() => parseUri(text))).to.equal('bad-uri');
    });
  }

  it('never quotes an address in an error: it may hold a secret', () => {
    for (const bad of [`${person}x`, person.replace('alice', 'ALICE'), `${base}/g/${token}#${token}A`]) {
      try {
        parseUri(bad);
        expect.fail('accepted');
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        expect(inspect(error)).not.to.contain(token.slice(0, 20));
      }
    }
  });

  it('shows no secret when it is printed or serialised', () => {
    const uri = parseUri(person);
    expect(inspect(uri)).not.to.contain(toHex(capability).slice(0, 8));
    expect(refusalOf(() => JSON.stringify(uri))).to.equal('bug');
  });

  it('fails only with its own error on any text', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.string({ maxLength: 30 }).map((tail) => `${base}${tail}`),
      fc
        .tuple(fc.nat(person.length - 1), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }))
        .map(([at, character]) => person.slice(0, at) + character + person.slice(at + 1)),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        try {
          const uri = parseUri(text);
          expect(plain(parseUri(formatUri(uri)))).to.deep.equal(plain(uri));
        } catch (error) {
          expect(error).to.be.instanceOf(UsageError).with.property('code', 'bad-uri');
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('relay endpoint', () => {
  for (const [text, host, port] of [
    ['relay.example', 'relay.example', 7443],
    ['RELAY.example:80', 'relay.example', 80],
    ['127.0.0.1:7443', '127.0.0.1', 7443],
    ['localhost', 'localhost', 7443],
    ['[::1]', '::1', 7443],
    ['[2001:DB8::7]:443', '2001:db8::7', 443],
    ['[1:2:3:4:5:6:7:8]:1', '1:2:3:4:5:6:7:8', 1],
  ] as const) {
    it(`reads ${text}`, () => {
      const endpoint = parseEndpoint(text);
      expect(endpoint).to.deep.equal({ host, port });
      expect(parseEndpoint(formatEndpoint(endpoint))).to.deep.equal(endpoint);
    });
  }
});
