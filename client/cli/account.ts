/** `account`: the accounts of this machine. Nothing is opened for it. */

import { type AccountSummary, findAccount, listAccounts, useAccount } from '../engine/accounts.ts';
import type { Call } from './call.ts';
import { cell, columns } from './columns.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { chosenAccount, pathsOf, placeOf } from './open-account.ts';
import { safe, say } from './safe-text.ts';

export async function listAll(call: Call): Promise<ExitCode> {
  const { printer } = call;
  const accounts = listAccounts(pathsOf(call));
  const rows = accounts.map(({ name, current, unlock }) => [
    safe(current ? '*' : ' '),
    cell(name),
    safe(unlock),
  ]);
  for (const line of columns(rows)) printer.line(line);
  printer.result(accounts);
  if (accounts.length === 0) printer.hint(say`no account yet; make one with: intechat register NAME`);
  return EXIT.ok;
}

export async function use(call: Call): Promise<ExitCode> {
  const name = call.flags.word('name');
  useAccount(pathsOf(call), name);
  const found = findAccount(pathsOf(call), name);
  call.printer.line(say`using ${found.name}`);
  call.printer.result(found);
  return EXIT.ok;
}

export async function show(call: Call): Promise<ExitCode> {
  const { flags, printer } = call;
  const paths = pathsOf(call);
  const name = flags.text('name');
  const found: AccountSummary = name === undefined ? chosenAccount(call) : findAccount(paths, name);
  const socket = placeOf(paths, found).path;
  const rows: readonly (readonly [string, string])[] = [
    ['name', found.name],
    ['in use', found.current ? 'yes' : 'no'],
    ['opened with', found.unlock],
    ['folder', found.directory],
    ['socket', socket],
  ];
  for (const line of columns(rows.map(([label, value]) => [safe(label), safe(value)]))) printer.line(line);
  printer.result({ ...found, socket });
  return EXIT.ok;
}
