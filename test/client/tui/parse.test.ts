import { expect } from 'chai';
import { commandNames, laterCommands, overview, slashCommands } from '../../../client/tui/commands.ts';
import { helpAbout, helpLines } from '../../../client/tui/help.ts';
import { isMessage, parseLine } from '../../../client/tui/parse.ts';

describe('a typed line', () => {
  it('is a text to the open chat, as it was typed', () => {
    expect(parseLine('hello  bob ')).to.deep.equal({ kind: 'say', text: 'hello  bob' });
    expect(parseLine('  indented')).to.deep.equal({ kind: 'say', text: '  indented' });
  });

  it('does nothing when it is empty', () => {
    for (const line of ['', ' ', '\t ']) expect(parseLine(line)).to.deep.equal({ kind: 'nothing' });
  });

  it('says a sign that is typed twice', () => {
    expect(parseLine('//etc/passwd')).to.deep.equal({ kind: 'say', text: '/etc/passwd' });
    expect(parseLine('@@home')).to.deep.equal({ kind: 'say', text: '@home' });
    expect(parseLine('##1')).to.deep.equal({ kind: 'say', text: '#1' });
  });

  it('goes to a named person', () => {
    const expected = { kind: 'message', to: 'bob', text: 'hi there' };
    for (const line of ['@bob hi there', '/msg bob hi there', '/m @bob hi there', '  @bob   hi there ']) {
      expect(parseLine(line), line).to.deep.equal(expected);
    }
    expect(parseLine('@"bob smith" hi')).to.deep.equal({ kind: 'message', to: 'bob smith', text: 'hi' });
  });

  it('sends nothing to a named person without a text', () => {
    for (const line of ['@bob', '/msg bob', '/msg', '/m "bob smith"']) {
      expect(parseLine(line).kind, line).to.equal('mistake');
    }
  });

  it('never makes a message of something that looks like a command', () => {
    for (const line of [
      '/',
      '/frobnicate',
      '/ quit',
      ' /oops',
      '/quit now',
      '/react x',
      '/tail many',
      '#group hi',
    ]) {
      expect(parseLine(line).kind, line).to.equal('mistake');
      expect(isMessage(line), line).to.equal(false);
    }
  });

  it('says what was probably meant', () => {
    const action = parseLine('/verfy bob');
    expect(action.kind === 'mistake' ? action.hint : '').to.contain('/verify');
  });

  it('says of commands to come that they do not work yet', () => {
    for (const word of laterCommands) {
      const action = parseLine(`/${word} something`);
      expect(action.kind === 'mistake' ? action.text : '', word).to.contain('does not work yet');
    }
  });

  it('knows every command by its name and its alias', () => {
    const aliases: Record<string, string> = {
      o: 'open',
      c: 'chats',
      t: 'tail',
      v: 'verify',
      i: 'info',
      q: 'quit',
    };
    for (const [alias, name] of Object.entries(aliases)) {
      const argument = name === 'open' ? ' bob' : '';
      expect(parseLine(`/${alias}${argument}`)).to.deep.equal(parseLine(`/${name}${argument}`));
    }
    expect(parseLine('/OPEN Bob')).to.deep.equal({ kind: 'open', who: 'Bob' });
    expect(parseLine('/s two words')).to.deep.equal({ kind: 'search', text: 'two words' });
    expect(parseLine('/h open')).to.deep.equal({ kind: 'help', topic: 'open' });
  });

  it('takes the rest of the line as a name', () => {
    for (const line of ['/open bob smith', '/open "bob smith"', '/o  @"bob smith" ']) {
      expect(parseLine(line), line).to.deep.equal({ kind: 'open', who: 'bob smith' });
    }
    expect(parseLine('/info')).to.deep.equal({ kind: 'info', who: undefined });
  });

  it('wants a name where nobody else can be meant', () => {
    for (const line of ['/open', '/accept', '/reject '])
      expect(parseLine(line).kind, line).to.equal('mistake');
  });

  it('reads how many lines to show', () => {
    expect(parseLine('/tail')).to.deep.equal({ kind: 'tail', count: 20 });
    expect(parseLine('/t 3')).to.deep.equal({ kind: 'tail', count: 3 });
    for (const line of ['/t 0', '/t 1001', '/t -1', '/t 3.5'])
      expect(parseLine(line).kind, line).to.equal('mistake');
  });
});

describe('/help', () => {
  it('fits a screen of 24 rows and 80 columns with the prompt', () => {
    const lines = helpLines();
    expect(lines.length).to.be.at.most(22);
    for (const line of lines) expect(line.length, line).to.be.at.most(80);
  });

  it('lists every command once', () => {
    expect(overview.flatMap(([names]) => names).sort()).to.deep.equal([...commandNames].sort());
  });

  it('lists nothing that does not work', () => {
    const text = helpLines().join('\n');
    for (const word of laterCommands) {
      const taken = commandNames.some((name) => name === word || slashCommands[name].alias === word);
      expect(taken, word).to.equal(false);
      expect(text).not.to.match(new RegExp(`/${word}\\b`));
    }
  });

  it('explains each command within the width of a screen', () => {
    for (const name of commandNames) {
      const item = helpAbout(`/${name}`);
      expect(item.kind, name).to.equal('lines');
      if (item.kind !== 'lines') continue;
      expect(item.lines[0]).to.contain(slashCommands[name].usage);
      for (const line of item.lines) expect(line.length, line).to.be.at.most(100);
    }
    expect(helpAbout('nonsense').kind).to.equal('error');
  });
});
