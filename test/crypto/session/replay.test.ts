// Goal: what libsignal recorded is reproduced byte for byte, by each role on its own. Method: the recorded
// private values are injected by draw name; an unexpected or a missing draw fails the replay.

import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { toHex } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { describeSession, encodeSessionRecord, type SessionRecord } from '../../../crypto/session/record.ts';
import { refusalOf } from '../../support/refusal.ts';
import { readSignalVectors } from '../../support/vectors.ts';
import { expectSameMeaning } from './libsignal-record.ts';
import { Role, type SendEvent, type Transcript } from './transcript.ts';

const FOLDER = new URL('../../vectors/signal/', import.meta.url);
const ERROR_CODES: Readonly<Record<string, string>> = { duplicate: 'duplicate-message' };
const NAMES = readdirSync(FOLDER)
  .filter((name) => /^session-\d+-.*\.json$/.test(name))
  .map((name) => name.replace('.json', ''));

function snapshot(record: SessionRecord | undefined): string {
  return record === undefined ? '' : toHex(encodeSessionRecord(record));
}

function spqrOf(record: SessionRecord | undefined): string {
  if (record === undefined) return '';
  const { spqrEpoch, spqrState } = describeSession(record);
  return `${spqrEpoch}:${spqrState}`;
}

/** @returns the number of events that were checked */
function replay(transcript: Transcript, name: 'A' | 'B', reload: boolean): number {
  const sent = new Map(
    transcript.events
      .filter((event): event is SendEvent => event.op === 'send')
      .map((event) => [event.id, event]),
  );
  const role = new Role(transcript, name);
  let checked = 0;
  for (const [index, event] of transcript.events.entries()) {
    if (event.by !== name) continue;
    const at = `event ${index}`;
    if (reload) role.reload();
    checked++;
    if (event.op === 'processBundle') {
      role.processBundle(event);
      const ratchet = role.record?.current?.ratchet.doubleRatchet;
      expect(toHex(ratchet?.rootKey.expose() ?? new Uint8Array()), at).to.equal(event.initiatorState.rootKey);
      const chainKey = ratchet?.sendingChain.chainKey.expose() ?? new Uint8Array();
      expect(toHex(chainKey), at).to.equal(event.initiatorState.sendChainKey);
    } else if (event.op === 'send') {
      expect(role.send(event), at).to.deep.equal({ type: event.type, message: event.message });
      expect(spqrOf(role.record), at).to.equal(event.spqr);
    } else if (event.op === 'recv') {
      const message = sent.get(event.id) as SendEvent;
      if (event.error === undefined) {
        expect(role.receive(event, message), at).to.equal(message.plaintext);
        expect(spqrOf(role.record), at).to.equal(event.spqr);
        expect(role.record?.archived.length, at).to.equal(event.archived);
      } else {
        const before = snapshot(role.record);
        expect(
          refusalOf(() => role.receive(event, message)),
          at,
        ).to.equal(ERROR_CODES[event.error]);
        expect(snapshot(role.record), at).to.equal(before);
      }
    } else {
      expectSameMeaning(role.record, event.sessionRecord, at);
    }
  }
  return checked;
}

describe('recorded sessions', () => {
  before(ready);

  it('are all eight there', () => {
    expect(NAMES).to.have.lengthOf(8);
  });

  for (const name of NAMES) {
    const transcript = readSignalVectors<Transcript>(name);
    for (const role of ['A', 'B'] as const) {
      const events = transcript.events.filter((event) => event.by === role).length;

      it(`replays ${name} as ${role} byte for byte`, () => {
        expect(replay(transcript, role, false)).to.equal(events);
      });

      it(`replays ${name} as ${role} when the record is stored and loaded before every event`, () => {
        expect(replay(transcript, role, true)).to.equal(events);
      });
    }
  }
});
