import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { StoreError } from '../../../crypto/errors.ts';
import { type AdminRequest, askRelay, serveAdminSocket } from '../../../relay/server/admin-socket.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';
import { collectLog } from './collect-log.ts';

describe('admin socket', () => {
  const temporary = temporaryDirectories();
  const { log, lines } = collectLog();
  let server: Server;
  let path: string;
  const seen: AdminRequest[] = [];

  before(async () => {
    path = join(await temporary(), 'admin.sock');
    // The leftover of a killed relay must not be in the way.
    await writeFile(path, 'stale');
    server = await serveAdminSocket(
      path,
      async (request) => {
        seen.push(request);
        if (request.name === 'nobody') throw new StoreError('not-found', 'there is no account of this name');
        if (request.name === 'broken') throw new TypeError('canary-6f1e');
        return { accounts: 2, text: 'a\nb' };
      },
      log,
    );
  });

  after(() => {
    server.close();
  });

  async function raw(bytes: string | Uint8Array): Promise<Record<string, unknown>> {
    const socket = connect(path);
    await once(socket, 'connect');
    socket.end(bytes);
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    return JSON.parse(text) as Record<string, unknown>;
  }

  it('is open to its owner alone', async () => {
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
  });

  it('carries a request to the relay and the answer back', async () => {
    expect(await askRelay(path, { command: 'inspect', name: 'alice' })).to.deep.equal({
      accounts: 2,
      text: 'a\nb',
    });
    expect(seen.at(-1)).to.deep.equal({ command: 'inspect', name: 'alice' });
  });

  it('carries a refusal back under its code', async () => {
    expect(await rejectionOf(askRelay(path, { command: 'inspect', name: 'nobody' }))).to.equal('not-found');
  });

  it('says nothing of a failure of ours but that there was one, and logs its place', async () => {
    expect(await rejectionOf(askRelay(path, { command: 'inspect', name: 'broken' }))).to.equal('bug');
    expect(lines.join('\n')).to.include('TypeError').and.not.include('canary-6f1e');
  });

  for (const [what, line] of [
    ['text', 'status\n'],
    ['a list', '["status"]\n'],
    ['an unknown command', '{"command":"delete"}\n'],
    ['no command', '{}\n'],
    ['a name that is no text', '{"command":"inspect","name":{}}\n'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const answer = await raw(line);
      expect(answer['ok']).to.equal(false);
      expect(answer['error']).to.include({ code: 'usage' });
    });
  }

  it('refuses a line without end', async () => {
    const answer = await raw('x'.repeat(5_000));
    expect(answer['error']).to.include({ code: 'admin-failed' });
  });

  it('is missing when no relay runs', async () => {
    expect(await rejectionOf(askRelay(`${path}.none`, { command: 'status' }))).to.equal('not-running');
  });
});
