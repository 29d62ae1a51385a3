/** Holds docs/wire-relay.md and the code together: every example is decoded, every list is compared. */

import { expect } from 'chai';
import { parseAccountIdText } from '../../../crypto/account/account-id.ts';
import {
  keyFingerprint,
  signHello,
  signSessionChallenge,
  verifyHello,
  verifySessionChallenge,
} from '../../../crypto/account/challenge.ts';
import { importKeyPair, parsePublicKey } from '../../../crypto/keys/keys.ts';
import { sha256 } from '../../../crypto/primitives/hash.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import type { Random } from '../../../crypto/random.ts';
import { Secret } from '../../../crypto/secret.ts';
import { defaultLimits } from '../../../relay/core/limits.ts';
import { relayErrors } from '../../../relay/protocol/errors.ts';
import { EnvelopeEvent, events } from '../../../relay/protocol/events.ts';
import { CLOSE, ClientHello, Frame, RelayHello, WEBSOCKET_PATH } from '../../../relay/protocol/frames.ts';
import * as limits from '../../../relay/protocol/limits.ts';
import { operations, StaleDevices } from '../../../relay/protocol/operations.ts';
import { readDocExamples } from '../../support/doc-examples.ts';

const count = (from: number, length: number) => Uint8Array.from({ length }, (_, i) => from + i);
const zeros: Random = { draw: (_, length) => new Uint8Array(length) };
const bob = parseAccountIdText('e9e2d365-a522-83a2-8e00-21fd0a0fe07a');
const clientNonce = count(0x60, 32);
const relayNonce = count(0x80, 32);
const token = count(0xa0, 32);
const capability = count(0xc0, 32);
const eight = count(0x31, 8);
const EMPTY = new Uint8Array(0);

describe('docs/wire-relay.md', () => {
  const doc = readDocExamples('wire-relay.md');
  const used = new Set<string>();
  const hex = (name: string): Uint8Array => {
    used.add(`hex ${name}`);
    return doc.hex(name);
  };
  const frame = (parts: Partial<Frame>): Frame => ({ requests: [], responses: [], events: [], ...parts });
  const expectFrame = (name: string, parts: Partial<Frame>): void => {
    expect(Frame.decode(hex(name))).to.deep.equal(frame(parts));
    expect(Frame.encode(frame(parts))).to.deep.equal(hex(name));
  };

  before(ready);

  it('shows the hellos of both sides', () => {
    const root = importKeyPair(new Secret('PrivateKey', count(1, 32)));
    expect(hex('root-key')).to.deep.equal(root.publicKey);
    expect(hex('fingerprint')).to.deep.equal(keyFingerprint(root.publicKey));
    expect(ClientHello.decode(hex('client-hello'))).to.deep.equal({
      version: 1,
      nonce: clientNonce,
      features: [],
    });
    const hello = RelayHello.decode(hex('relay-hello'));
    const nonces = { clientNonce, relayNonce };
    expect(hello).to.deep.equal({
      version: 1,
      rootKey: new Uint8Array(root.publicKey),
      nonce: relayNonce,
      signature: signHello(root.privateKey, nonces, zeros),
      features: [],
      nowMs: 1_800_000_000_000,
    });
    expect(verifyHello(parsePublicKey(hello.rootKey), nonces, hello.signature)).to.equal(true);
  });

  it('shows a sign-in and its answers', () => {
    const device = importKeyPair(new Secret('PrivateKey', count(0x41, 32)));
    expect(hex('device-key')).to.deep.equal(device.publicKey);
    const challenge = {
      relayNonce,
      relayFingerprint: hex('fingerprint'),
      tokenHash: sha256(token),
      accountId: bob,
      deviceId: 1,
    };
    const signature = signSessionChallenge(device.privateKey, challenge, zeros);
    expect(verifySessionChallenge(device.publicKey, challenge, signature)).to.equal(true);
    const signIn = operations.signIn.request.encode({ account: bob, device: 1, token, signature });
    const subscribe = operations.subscribe.request.encode({ window: 256 });
    expectFrame('sign-in', {
      requests: [
        { id: 1, operation: 2, body: signIn },
        { id: 2, operation: 17, body: subscribe },
      ],
    });
    const preKeys = { oneTimePreKeys: 100, oneTimeKemPreKeys: 100 };
    const body = operations.signIn.response.encode({ recordSequence: 0, preKeys, waiting: 1 });
    expectFrame('signed-in', {
      responses: [
        { id: 1, status: 0, body },
        { id: 2, status: 0, body: EMPTY },
      ],
    });
  });

  it('shows a delivery and three answers to it', () => {
    const body = operations.deliver.request.encode({
      account: bob,
      capability,
      recordSequence: 0,
      envelopeId: count(0x10, 16),
      kind: 1,
      devices: [{ device: 1, registrationId: 1_001, bytes: eight }],
    });
    expectFrame('deliver', { requests: [{ id: 7, operation: 15, body }] });
    expectFrame('delivered', { responses: [{ id: 7, status: 0, body: EMPTY }] });
    expect(operations.deliver.response.decode(EMPTY)).to.deep.equal({ fullDevices: [] });
    const records = StaleDevices.encode({ records: [eight] });
    const { status } = relayErrors['stale-devices'];
    expectFrame('stale', { responses: [{ id: 7, status, body: records }] });
    const limited = { status: relayErrors['rate-limited'].status, retryAfterMs: 8 * 3_600_000 };
    expectFrame('rate-limited', { responses: [{ id: 7, body: EMPTY, ...limited }] });
  });

  it('shows a push and its acknowledgement', () => {
    const body = EnvelopeEvent.encode({
      sequence: 1,
      envelopeId: count(0x10, 16),
      kind: 1,
      bytes: eight,
      stampMs: 1_800_000_000_000,
      authority: 2,
      capabilityHash: sha256(capability),
    });
    expectFrame('envelope', { events: [{ type: 1, body }] });
    const acknowledge = operations.acknowledge.request.encode({ sequence: 1 });
    expectFrame('acknowledge', { requests: [{ id: 3, operation: 18, body: acknowledge }] });
  });

  it('has no example that is not looked at', () => {
    expect([...doc.names].sort()).to.deep.equal([...used].sort());
  });

  it('lists every operation with its messages', () => {
    expect(table('| number | operation |')).to.deep.equal(
      Object.entries(operations).map(([name, { number, request, response }]) => [
        `${number}`,
        name,
        request.name,
        response.name,
      ]),
    );
  });

  it('explains every operation', () => {
    const unexplained = Object.keys(operations).filter((name) => !doc.text.includes(`**${name}**`));
    expect(unexplained).to.deep.equal([]);
  });

  it('lists every event', () => {
    expect(table('| number | event |').map((row) => row.slice(0, 3))).to.deep.equal(
      Object.entries(events).map(([name, { number, codec }]) => [`${number}`, name, codec.name]),
    );
  });

  it('lists every error', () => {
    const ours = Object.entries(relayErrors)
      .map(([name, { status, retry, fatal, text }]) => [`${status}`, name, retry, fatal ? 'yes' : '', text])
      .sort(([a], [b]) => Number(a) - Number(b));
    expect(table('| status | error |')).to.deep.equal(ours);
  });

  it('lists every close code that the relay uses', () => {
    const { normal: _, ...ours } = CLOSE;
    expect(table('| code | meaning |').map(([code]) => Number(code))).to.deep.equal(Object.values(ours));
  });

  it('lists every limit with its value', () => {
    const listed = Object.fromEntries(
      table('| limit | value |').map(([name, value]) => [name, Number(value?.replaceAll(',', ''))]),
    );
    expect(listed).to.deep.equal({ ...limits });
  });

  it('names the limits that are settings of the relay as they are', () => {
    const text = doc.text.replaceAll(',', '');
    for (const sentence of [
      `${defaultLimits.requestsPerSecond} in a second`,
      `After ${defaultLimits.loginFailures} failures of a name or ${defaultLimits.loginFailuresPerAddress} of a network`,
      `a capability takes beyond ${defaultLimits.oneTimeBundlesPerDay} bundles a day`,
      `${defaultLimits.strangerBundlesPerDay} bundles a day for each ${defaultLimits.targetBundlesPerDay} of one account`,
      `at most ${defaultLimits.capabilitiesPerDay} a day`,
      `so do ${defaultLimits.wrongCapabilities} capabilities`,
      WEBSOCKET_PATH,
    ]) {
      expect(text).to.include(sentence);
    }
  });

  /** The cells of the table that begins with this header. */
  function table(header: string): string[][] {
    const rows = doc.text.slice(doc.text.indexOf(`\n${header}`) + 1).split('\n');
    const end = rows.findIndex((row) => !row.startsWith('|'));
    return rows.slice(2, end).map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  }
});
