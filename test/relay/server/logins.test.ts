import { join } from 'node:path';
import { expect } from 'chai';
import { relayErrors } from '../../../relay/protocol/errors.ts';
import { ClientHello, Frame, PROTOCOL_VERSION, type ResponseRecord } from '../../../relay/protocol/frames.ts';
import { operations } from '../../../relay/protocol/operations.ts';
import { type RelayProcess, relayProcesses } from '../../support/relay-process.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';
import { OPCODE, openRawWebSocket, type RawWebSocket, rawFrame } from './raw-websocket.ts';

/** Checking a passphrase of a name that nobody has costs the relay as much as any other. */
const PATIENT = ['--limit', 'login-failures=1000', '--limit', 'login-failures-per-address=1000'];
const AUTH_KEY = 'A'.repeat(43);

describe('a relay under logins', () => {
  const temporary = temporaryDirectories();
  const startRelay = relayProcesses();
  let relay: RelayProcess;

  before(async () => {
    relay = await startRelay(join(await temporary(), 'data'), PATIENT);
  });

  async function openLink(): Promise<RawWebSocket> {
    const raw = await openRawWebSocket(relay.port);
    const nonce = new SeededRandom('logins').draw('linkNonce', 32);
    raw.send(rawFrame(OPCODE.binary, ClientHello.encode({ version: PROTOCOL_VERSION, nonce, features: [] })));
    await raw.frame(0);
    return raw;
  }

  function login(raw: RawWebSocket, id: number): void {
    const { number, request } = operations.passwordSignIn;
    const body = request.encode({ username: `nobody${id}`, authKey: AUTH_KEY });
    const frame = Frame.encode({ requests: [{ id, operation: number, body }], responses: [], events: [] });
    raw.send(rawFrame(OPCODE.binary, frame));
  }

  /** The next response on a connection that is sent nothing else. */
  async function response(raw: RawWebSocket): Promise<ResponseRecord | undefined> {
    const { payload } = await raw.frame(1);
    return Frame.decode(payload).responses[0];
  }

  it('answers others between any two of twenty logins', async () => {
    const links = await Promise.all(Array.from({ length: 20 }, openLink));
    let answered = 0;
    const healthyAfter = new Set<number>();
    const logins = links.map(async (raw, id) => {
      login(raw, id);
      const answer = await response(raw);
      answered++;
      // Asked once per answer: a loop of questions would take the time that the hashing needs.
      const health = await fetch(`http://127.0.0.1:${relay.port}/healthz`);
      expect(health.status).to.equal(200);
      if (answered < links.length) healthyAfter.add(answered);
      return answer?.status;
    });
    expect(await Promise.all(logins)).to.deep.equal(links.map(() => relayErrors['login-refused'].status));
    // Two workers may finish at once; bcrypt on the main thread would finish all of them in one go.
    expect(healthyAfter.size).to.be.at.least(links.length / 2);
    for (const raw of links) raw.destroy();
  });

  it('takes as many logins as its queue holds and tells the others when to come back', async () => {
    const links = await Promise.all(Array.from({ length: 60 }, openLink));
    const answers = await Promise.all(
      links.map((raw, id) => {
        login(raw, 100 + id);
        return response(raw);
      }),
    );
    const busy = answers.filter((answer) => answer?.status === relayErrors.busy.status);
    const refused = answers.filter((answer) => answer?.status === relayErrors['login-refused'].status);
    expect(busy.length + refused.length).to.equal(60);
    expect(refused.length).to.be.at.least(33);
    expect(busy.length).to.be.greaterThan(0);
    for (const answer of busy) expect(answer?.retryAfterMs).to.be.greaterThan(0);
    for (const raw of links) raw.destroy();
  });
});
