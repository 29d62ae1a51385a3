import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { askRelay } from '../../../relay/server/admin-socket.ts';
import { describeProgram } from '../../../relay/server/program.ts';
import { defaultServerLimits } from '../../../relay/server/server-limits.ts';
import { type RelayConfig, type RunningRelay, startRelay } from '../../../relay/server/start-relay.ts';
import { ensureDist } from '../../support/dist.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';
import { collectLog } from './collect-log.ts';
import { openRawWebSocket } from './raw-websocket.ts';

describe('relay start and stop', () => {
  const temporary = temporaryDirectories();
  const { log, lines } = collectLog();
  let relay: RunningRelay | undefined;

  afterEach(async () => {
    await relay?.stop();
    relay = undefined;
    expect(lines.splice(0)).to.deep.equal([]);
  });

  async function configOf(changes: Partial<RelayConfig> = {}): Promise<RelayConfig> {
    return {
      host: '127.0.0.1',
      port: 0,
      dataDirectory: join(await temporary(), 'data'),
      open: true,
      allowedOrigins: [],
      serverLimits: defaultServerLimits,
      relayLimits: {},
      ...changes,
    };
  }

  async function start(config: RelayConfig): Promise<RunningRelay> {
    const program = describeProgram(`${pathToFileURL(await ensureDist()).href}/intechat-relay.js`);
    return startRelay(config, { log, env: {}, program });
  }

  it('gives an address that names the key, the host and the real port', async () => {
    relay = await start(await configOf());
    expect(relay.uri).to.equal(`ic://${relay.fingerprint}@127.0.0.1:${relay.port}`);
    expect(relay.fingerprint).to.match(/^[0-9a-f]{64}$/);
  });

  it('is the same relay after a restart on the same data, and another one on other data', async () => {
    const config = await configOf();
    const { fingerprint, stop } = await start(config);
    await stop();
    relay = await start(config);
    expect(relay.fingerprint).to.equal(fingerprint);
    await relay.stop();
    relay = await start(await configOf());
    expect(relay.fingerprint).to.not.equal(fingerprint);
  });

  it('touches nothing before it knows that it may listen', async () => {
    const config = await configOf({ host: '0.0.0.0' });
    expect(await rejectionOf(start(config))).to.equal('public-without-tls');
    expect(await readdir(join(config.dataDirectory, '..'))).to.deep.equal([]);
  });

  it('holds the store alone, and lets go of everything when it cannot start', async () => {
    const config = await configOf();
    relay = await start(config);
    expect(await rejectionOf(start(config))).to.equal('store-locked');
    const other = await configOf({ port: relay.port });
    expect(await rejectionOf(start(other))).to.equal('port-in-use');
    await relay.stop();
    relay = await start(other);
    expect(relay.port).to.equal(other.port);
  });

  it('tells over its admin socket how many are connected', async () => {
    relay = await start(await configOf());
    const socket = join(relay.dataDirectory, 'admin.sock');
    expect(await askRelay(socket, { command: 'status' })).to.include({ uri: relay.uri, connections: 0 });
    const peer = await openRawWebSocket(relay.port);
    expect(await askRelay(socket, { command: 'status' })).to.include({ connections: 1 });
    peer.destroy();
  });

  it('leaves no socket behind, and nothing listening', async () => {
    const config = await configOf();
    const running = await start(config);
    const peer = await openRawWebSocket(running.port);
    const gone = once(peer.socket, 'close');
    peer.socket.on('end', () => peer.destroy());
    const stopped = running.stop();
    await peer.closed();
    peer.destroy();
    await Promise.all([gone, stopped]);
    expect(await readdir(config.dataDirectory)).to.have.members(['root.key', 'store']);
    const refused = await fetch(`http://127.0.0.1:${running.port}/healthz`).catch(() => 'refused');
    expect(refused).to.equal('refused');
  });
});
