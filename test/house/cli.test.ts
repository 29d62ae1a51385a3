/** Every command of the help has an example in docs/cli.md; that the examples work is shown by test/e2e/cli/docs.test.ts. */

import { expect } from 'chai';
import { type CommandSpec, nameOf, type OptionSpec } from '../../client/cli/command-spec.ts';
import { globalOptions } from '../../client/cli/specs/global-options.ts';
import { commands } from '../../client/cli/specs/index.ts';
import { commandPathOf, consoleStepsOf } from '../support/console-steps.ts';
import { readDocument } from '../support/documents.ts';

/** Commands that do something, with the commands they stand under. */
function pathsOf(specs: readonly CommandSpec[], above: readonly string[] = []): readonly string[] {
  return specs.flatMap((spec) => {
    const path = [...above, nameOf(spec)];
    const does = spec.load !== undefined || spec.commands === undefined;
    return [...(does ? [path.join(' ')] : []), ...pathsOf(spec.commands ?? [], path)];
  });
}

const paths = pathsOf(commands);
const document = readDocument('docs/cli.md');
const examples = consoleStepsOf(document).map(({ command }) => commandPathOf(command, paths));

describe('docs/cli.md', () => {
  it('has an example of every command', () => {
    expect(paths.length).to.be.greaterThan(35);
    expect(paths.filter((path) => !examples.includes(path))).to.deep.equal([]);
  });

  it('names every global flag', () => {
    const missing = Object.keys(globalOptions).filter((name) => !document.text.includes(`--${name}`));
    expect(missing.filter((name) => !['quiet', 'verbose', 'yes'].includes(name))).to.deep.equal([]);
  });

  it('names every flag of its own that a command has', () => {
    const flags = (specs: readonly CommandSpec[]): readonly (readonly [string, OptionSpec])[] =>
      specs.flatMap((spec) => [...Object.entries(spec.options ?? {}), ...flags(spec.commands ?? [])]);
    const shown = ([name, { alias }]: readonly [string, OptionSpec]): boolean =>
      document.text.includes(`--${name}`) || (alias !== undefined && document.text.includes(` -${alias} `));
    expect(
      flags(commands)
        .filter((flag) => !shown(flag))
        .map(([name]) => name),
    ).to.deep.equal([]);
  });
});
