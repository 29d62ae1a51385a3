import { expect } from 'chai';
import { RelayError } from '../../../crypto/errors.ts';
import { createJsonLog, createTerminalLog, describeError } from '../../../relay/server/logging.ts';
import { createVoice } from '../../../relay/server/voice.ts';
import { collectLog } from './collect-log.ts';

describe('relay log', () => {
  it('writes one JSON object a line', () => {
    const { log, lines } = collectLog();
    log.info('listening', { port: 7443 });
    log.warn('a\nb', { name: 'x\ny' });
    expect(lines).to.have.length(2);
    const [first, second] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).to.include({ level: 30, msg: 'listening', port: 7443, program: 'intechat-relay' });
    expect(second).to.include({ level: 40, msg: 'a\nb', name: 'x\ny' });
    for (const line of lines) expect(line.slice(0, -1)).to.not.include('\n');
  });

  it('keeps below its level silent', () => {
    const lines: string[] = [];
    const log = createJsonLog('warn', { write: (line: string) => void lines.push(line) });
    log.info('no');
    log.warn('yes');
    expect(lines).to.have.length(1);
  });

  it('keeps the text of a foreign error out, because it may quote what caused it', () => {
    let caught: unknown;
    try {
      JSON.parse('{"secret-canary-91b2": tru');
    } catch (error) {
      caught = error;
    }
    const { log, lines } = collectLog();
    log.error('failed', caught);
    log.error('failed', new RelayError('internal', 'the relay failed', { cause: caught }));
    log.error('failed', 'secret-canary-91b2');
    log.error('failed', { secret: 'secret-canary-91b2' });
    expect(lines).to.have.length(4);
    expect(lines.join('')).to.not.include('canary');
    expect(lines[0]).to.include('SyntaxError').and.include('logging.test');
    expect(lines[1]).to.include('the relay failed').and.include('internal');
  });

  it('describes an error by at most eight places', () => {
    const error = new Error('x');
    error.stack = `Error: x\n${'    at somewhere\n'.repeat(50)}`;
    expect(describeError(error)['frames']).to.have.length(8);
  });

  it('speaks words on a terminal', () => {
    const out: string[] = [];
    const sink = { write: (text: string) => out.push(text) };
    const log = createTerminalLog('warn', createVoice(sink, sink));
    log.info('quiet');
    log.warn('a variable means nothing', { name: 'INTECHAT_RELAY_X' });
    expect(out).to.deep.equal(['intechat-relay: warning: a variable means nothing name=INTECHAT_RELAY_X\n']);
  });
});
