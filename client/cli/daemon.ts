/** `daemon`: keeps the account open and connected, in the foreground. Other commands go through it. */

import { UsageError } from '../../crypto/errors.ts';
import type { RemoteAccount } from '../api/remote-account.ts';
import type { PositionedEvent } from '../core/events.ts';
import type { Call } from './call.ts';
import { columns } from './columns.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { HOPELESS, reasonText } from './link-wait.ts';
import { chosenAccount, openForCall, ownerOf, pathsOf, placeOf } from './open-account.ts';
import { safe, say } from './safe-text.ts';

export async function daemon(call: Call): Promise<ExitCode> {
  const { printer, interruption } = call;
  let stop: () => void = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const account = await openForCall(call, {
    link: true,
    role: 'daemon',
    lifetime: 'long',
    mustOwn: true,
    onStop: () => stop(),
  });
  try {
    const { name } = await account.query({ type: 'whoami' });
    const { path } = placeOf(pathsOf(call), chosenAccount(call));
    account.subscribe((event) => {
      if (event.type === 'link') reportLink(call, event);
    });
    printer.stream({ type: 'ready', name, socket: path, pid: process.pid });
    printer.note(say`daemon of ${name} is ready; end it with Ctrl-C or: intechat daemon stop`);
    const ended = await interruption.race(Promise.race([stopped, account.stopped]));
    if (ended !== undefined) throw ended;
    printer.note(say`stopped`);
    return EXIT.ok;
  } finally {
    await account.leave();
  }
}

export async function daemonStatus(call: Call): Promise<ExitCode> {
  const { printer } = call;
  return withDaemon(call, async (remote) => {
    const { version, pid, account } = remote.owner;
    const { link, linkReason } = await remote.query({ type: 'status' });
    const rows = [
      ['account', account],
      ['process', String(pid)],
      ['version', version],
      ['link', linkReason === undefined || link === 'online' ? link : `${link}: ${reasonText(linkReason)}`],
    ];
    for (const line of columns(rows.map((row) => row.map((word) => safe(word))))) printer.line(line);
    printer.result({ running: true, account, pid, version, link });
    return EXIT.ok;
  });
}

export async function stopDaemon(call: Call): Promise<ExitCode> {
  const { printer, interruption } = call;
  return withDaemon(call, async (remote) => {
    const { pid } = remote.owner;
    await remote.stopDaemon();
    await interruption.race(remote.gone);
    printer.line(say`stopped`);
    printer.result({ pid });
    return EXIT.ok;
  });
}

/** @throws UsageError `daemon-not-running` */
async function withDaemon(call: Call, work: (remote: RemoteAccount) => Promise<ExitCode>): Promise<ExitCode> {
  const account = chosenAccount(call);
  const remote = await ownerOf(call, account);
  try {
    if (remote?.owner.role !== 'daemon') {
      throw new UsageError('daemon-not-running', `no daemon of ${account.name} is running`, {
        hints: ['start one with: intechat daemon'],
      });
    }
    return await work(remote);
  } finally {
    await remote?.close();
  }
}

function reportLink({ printer }: Call, event: Extract<PositionedEvent, { readonly type: 'link' }>): void {
  const { state, reason } = event;
  printer.stream({ type: 'link', state, ...(reason === undefined ? {} : { reason }) });
  if (reason !== undefined && HOPELESS.has(reason)) printer.warning(say`${reasonText(reason)}`);
  else
    printer.detail(reason === undefined ? say`link: ${state}` : say`link: ${state}, ${reasonText(reason)}`);
}
