/** `contacts`: the people this account knows. */

import type { ContactView } from '../core/queries.ts';
import type { Call } from './call.ts';
import { cell, columns } from './columns.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { jsonView } from './json-view.ts';
import { requireLink } from './link-wait.ts';
import { withAccount } from './open-account.ts';
import { runLocal, runSettled } from './run-settled.ts';
import { type SafeText, safe, say } from './safe-text.ts';

export async function listContacts(call: Call): Promise<ExitCode> {
  const { printer } = call;
  return withAccount(call, { link: false }, async (account) => {
    const contacts = await account.query({ type: 'contacts' });
    for (const line of columns(contacts.map(rowOf))) printer.line(line);
    printer.result(jsonView(contacts));
    if (contacts.length === 0) printer.hint(say`no contacts yet; add one with: intechat contacts add NAME`);
    return EXIT.ok;
  });
}

export async function addContact(call: Call): Promise<ExitCode> {
  const { flags, printer, interruption } = call;
  const address = flags.word('address');
  const localName = flags.text('name');
  return withAccount(call, { link: true }, async (account) => {
    await interruption.race(requireLink(account, call.settings.timeoutMs));
    const added = await interruption.race(
      account.execute({
        type: 'contacts.add',
        address,
        ...(localName === undefined ? {} : { name: localName }),
      }),
    );
    printer.line(say`added ${added.name}${added.linkChecked ? ' (link-checked)' : ''}`);
    printer.result(added);
    return EXIT.ok;
  });
}

export async function renameContact(call: Call): Promise<ExitCode> {
  const { flags } = call;
  const [who, name] = [flags.word('name'), flags.word('new-name')];
  return runLocal(call, { type: 'contacts.rename', who, name }, () => say`${who} is called ${name} now`);
}

export async function removeContact(call: Call): Promise<ExitCode> {
  const who = call.flags.word('name');
  return runSettled(call, { type: 'contacts.remove', who }, () => say`removed ${who}; the history stays`);
}

function rowOf(contact: ContactView): readonly SafeText[] {
  const { name, username, trust, state, blocked, muted } = contact;
  const notes = [
    trust,
    state === 'requested' ? 'waiting for an answer' : '',
    blocked ? 'blocked' : '',
    muted ? 'muted' : '',
  ];
  return [
    cell(name),
    name === username ? safe('') : say`(${username})`,
    safe(notes.filter((note) => note !== '').join(', ')),
  ];
}
