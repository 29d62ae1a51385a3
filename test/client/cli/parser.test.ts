import { expect } from 'chai';
import { type CommandSpec, nameOf } from '../../../client/cli/command-spec.ts';
import type { Flags } from '../../../client/cli/flags.ts';
import { parseCommandLine } from '../../../client/cli/parser.ts';
import { commands } from '../../../client/cli/specs/index.ts';
import { ChatError } from '../../../crypto/errors.ts';

const COLUMNS = 100;
const parse = (...argv: string[]) => parseCommandLine(argv, '1.2.3', COLUMNS);

async function commandOf(...argv: string[]): Promise<{ readonly spec: CommandSpec; readonly flags: Flags }> {
  const parsed = await parse(...argv);
  if (parsed.kind !== 'command') throw new Error(`${argv.join(' ')} is ${parsed.kind}`);
  return parsed;
}

async function refusal(...argv: string[]): Promise<ChatError> {
  try {
    await parse(...argv);
  } catch (error) {
    if (error instanceof ChatError) return error;
    throw error;
  }
  throw new Error(`${argv.join(' ')} was accepted`);
}

function leaves(specs: readonly CommandSpec[], path: readonly string[] = []): readonly (readonly string[])[] {
  return specs.flatMap((spec) => {
    const own = [...path, nameOf(spec)];
    return [own, ...leaves(spec.commands ?? [], own)];
  });
}

describe('command line', () => {
  it('finds global flags before and after the command', async () => {
    for (const argv of [
      ['-a', 'alice', 'send', 'bob', '-m', 'hi', '--json'],
      ['--json', 'send', '-a', 'alice', 'bob', '-m', 'hi'],
      ['send', 'bob', '-m', 'hi', '--json', '--account', 'alice'],
    ]) {
      const { spec, flags } = await commandOf(...argv);
      expect(nameOf(spec)).to.equal('send');
      expect(flags.text('account')).to.equal('alice');
      expect(flags.flag('json')).to.equal(true);
      expect(flags.list('to')).to.deep.equal(['bob']);
      expect(flags.text('message')).to.equal('hi');
    }
  });

  it('keeps names that look like numbers or flags as they are', async () => {
    expect((await commandOf('history', '007')).flags.word('name')).to.equal('007');
    expect((await commandOf('contacts', 'add', 'bob', '--name', '12')).flags.text('name')).to.equal('12');
    expect((await commandOf('search', '--', '-m')).flags.word('text')).to.equal('-m');
    expect((await commandOf('send', '-m', 'x', '--', '--help')).flags.list('to')).to.deep.equal(['--help']);
    expect((await commandOf('send', 'bob', '-m', '--help')).flags.text('message')).to.equal('--help');
  });

  it('goes to the sub-command, or to the command itself', async () => {
    expect((await commandOf('contacts')).spec.usage).to.equal('contacts');
    expect((await commandOf('contacts', 'list')).spec.usage).to.equal('list');
    expect((await commandOf('daemon')).spec.usage).to.equal('daemon');
    expect((await commandOf('daemon', 'stop')).spec.usage).to.equal('stop');
    const rename = await commandOf('contacts', 'rename', 'bob', 'Bobby B');
    expect([rename.flags.word('name'), rename.flags.word('new-name')]).to.deep.equal(['bob', 'Bobby B']);
  });

  it('says when there is no command', async () => {
    expect((await parse()).kind).to.equal('nothing');
    expect((await parse('--json', '-a', 'alice')).kind).to.equal('nothing');
  });

  for (const [argv, hint] of [
    [['snd', 'bob'], 'did you mean send?'],
    [['contacts', 'lst'], 'did you mean list?'],
    [['send', 'bob', '--wiat', 'sent'], 'did you mean --wait?'],
    [['--jsno', 'chats'], 'did you mean --json?'],
    [['frobnicate'], 'see: intechat --help'],
    [['send'], 'see: intechat send --help'],
    [['account'], 'see: intechat account --help'],
  ] as const) {
    it(`refuses "${argv.join(' ')}" and hints "${hint}"`, async () => {
      const { code, hints } = await refusal(...argv);
      expect(code).to.equal('usage');
      expect(hints).to.deep.equal([hint]);
    });
  }

  it('refuses words that are too many, values that are missing and choices that are none', async () => {
    for (const argv of [
      ['whoami', 'now'],
      ['history', 'bob', 'carol'],
      ['send', 'bob', '--id'],
      ['send', 'bob', '-m', 'x', '--wait', 'read'],
      ['address', 'listed', 'maybe'],
      ['-o', 'xml', 'chats'],
      ['send', 'bob', '-m', 'a', '-m', 'b'],
    ]) {
      expect((await refusal(...argv)).code, argv.join(' ')).to.equal('usage');
    }
  });

  it('refuses a flag that is given twice', async () => {
    const { flags } = await commandOf('history', 'bob', '-n', '1', '-n', '2');
    expect(() => flags.number('count', { min: 1, max: 9 })).to.throw(ChatError, /twice/);
  });

  it('prints the version', async () => {
    for (const flag of ['--version', '-V']) {
      expect(await parse(flag)).to.deep.equal({ kind: 'text', text: '1.2.3' });
    }
  });

  for (const path of leaves(commands)) {
    it(`explains ${path.join(' ')} with an example`, async () => {
      const parsed = await parse(...path, '--help');
      const text = parsed.kind === 'text' ? parsed.text : '';
      expect(text).to.match(/^intechat /);
      expect(text).to.include('Examples:');
      expect(text).to.include(`intechat ${path[0]}`);
    });
  }

  it('has examples that it understands', async () => {
    const lines = (specs: readonly CommandSpec[]): readonly string[] =>
      specs.flatMap((spec) => [...spec.examples.map(([line]) => line), ...lines(spec.commands ?? [])]);
    for (const line of lines(commands)) {
      const words = (line.split(/ [<>] /)[0] ?? '').match(/"[^"]*"|\S+/g) ?? [];
      const parsed = await parse(...words.map((word) => word.replaceAll('"', '')));
      expect(parsed.kind, line).to.equal('command');
    }
  });
});
