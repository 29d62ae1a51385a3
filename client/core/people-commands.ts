/** Commands about people: contacts, blocking, trust. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { UsageError } from '../../crypto/errors.ts';
import { dropAllCapabilities, endGivenCapabilities } from './capabilities.ts';
import type { Command, CommandResults } from './commands.ts';
import { announceContact, changeContact, contactOf, markRemoved, meetAgain } from './contacts.ts';
import { waitForPerson } from './look-ups.ts';
import { checkLocalName, displayName, findPerson, isAddress, knownPerson, notFound } from './names.ts';
import { resyncAll } from './ordering.ts';
import { waitingFor } from './outbox.ts';
import { fail, refreshHolds } from './outbox-state.ts';
import { release } from './release.ts';
import { acceptContact, rejectRequest, requireRequest } from './requests.ts';
import { peersTable } from './tables/people.ts';
import { receiptsTable } from './tables/talk.ts';
import type { Transaction } from './transaction.ts';
import { clearVerified, distrust, markVerified, trustPresentKey, trustState } from './trust.ts';
import { accountText } from './views.ts';

type Of<Type extends Command['type']> = Extract<Command, { readonly type: Type }>;
const NUMBER_DIGITS = 60;

/** @returns undefined while the relay is asked who is meant. */
export function addPerson(
  tx: Transaction,
  commandId: string,
  command: Of<'contacts.add'>,
  /** The relay was asked already. */
  isResolved: boolean,
): CommandResults['contacts.add'] | undefined {
  const account = findPerson(tx, command.address);
  if (account === undefined && isResolved) throw notFound();
  const isNews =
    account === undefined ||
    (isAddress(command.address) && !contactOf(tx, account).linkChecked && !isResolved);
  if (account === undefined || isNews) {
    waitForPerson(tx, commandId, command, command.address);
    return undefined;
  }
  const contact = contactOf(tx, account);
  if (contact.state === 'incoming' || contact.state === 'rejected') acceptContact(tx, account);
  else meetAgain(tx, account);
  if (command.name !== undefined) {
    changeContact(tx, account, { localName: checkLocalName(tx, account, command.name) });
  }
  announceContact(tx, account);
  release(tx, account);
  const { linkChecked } = contactOf(tx, account);
  return { name: displayName(tx, account), account: accountText(account), linkChecked };
}

export function renamePerson(tx: Transaction, { who, name }: Of<'contacts.rename'>): void {
  const account = knownPerson(tx, who);
  changeContact(tx, account, { localName: checkLocalName(tx, account, name) });
  announceContact(tx, account);
}

/** History and sessions stay; whoever was removed has to ask again, and so have we. */
export function removePerson(tx: Transaction, { who }: Of<'contacts.remove'>): void {
  const account = knownPerson(tx, who);
  for (const row of waitingFor(tx, account)) fail(tx, row, 'contact-removed');
  markRemoved(tx, account);
  tx.delete(receiptsTable, account);
  endGivenCapabilities(tx, account, 'retired');
  dropAllCapabilities(tx, account);
  resyncAll(tx, account);
  announceContact(tx, account);
}

export function acceptPerson(tx: Transaction, { who }: Of<'requests.accept'>): { readonly name: string } {
  const account = knownPerson(tx, who);
  requireRequest(tx, account);
  acceptContact(tx, account);
  release(tx, account);
  return { name: displayName(tx, account) };
}

export function rejectPerson(tx: Transaction, { who, block }: Of<'requests.reject'>): void {
  const account = knownPerson(tx, who);
  requireRequest(tx, account);
  rejectRequest(tx, account);
  if (block === true) setBlocked(tx, account, true);
}

/** Blocked: the relay swallows what comes, the other side sees no difference. */
export function blockPerson(tx: Transaction, who: string, blocked: boolean): void {
  const account = knownPerson(tx, who);
  setBlocked(tx, account, blocked);
  refreshHolds(tx, account);
  release(tx, account);
}

export function mutePerson(tx: Transaction, { who, muted }: Of<'mute'>): void {
  const account = knownPerson(tx, who);
  changeContact(tx, account, { muted });
  announceContact(tx, account);
}

/** @throws UsageError `bad-number`, `confirmation-needed`. */
export function verifyPerson(
  tx: Transaction,
  { who, number, confirmed }: Of<'verify'>,
): CommandResults['verify'] {
  const account = knownPerson(tx, who);
  const name = displayName(tx, account);
  if (number === undefined && confirmed !== true) {
    throw new UsageError('confirmation-needed', 'nobody said that the numbers are the same');
  }
  if (number !== undefined) {
    const digits = number.replaceAll(/\s/g, '');
    if (!/^\d+$/.test(digits) || digits.length !== NUMBER_DIGITS) {
      throw new UsageError('bad-number', `a safety number has ${NUMBER_DIGITS} digits`);
    }
    if (digits !== tx.get(peersTable, account)?.safetyNumber) return { matched: false, name };
  }
  markVerified(tx, account);
  announceTrust(tx, account);
  refreshHolds(tx, account);
  release(tx, account);
  return { matched: true, name };
}

export function clearVerification(tx: Transaction, who: string): void {
  const account = knownPerson(tx, who);
  clearVerified(tx, account);
  announceTrust(tx, account);
}

export function trustPerson(tx: Transaction, { who, key }: Of<'trust'>): CommandResults['trust'] {
  const account = knownPerson(tx, who);
  trustPresentKey(tx, account, key);
  announceTrust(tx, account);
  const released = refreshHolds(tx, account);
  release(tx, account);
  return { name: displayName(tx, account), released };
}

export function distrustPerson(tx: Transaction, who: string): void {
  const account = knownPerson(tx, who);
  distrust(tx, account);
  announceTrust(tx, account);
  refreshHolds(tx, account);
}

function setBlocked(tx: Transaction, account: AccountId, blocked: boolean): void {
  if (contactOf(tx, account).blocked === blocked) return;
  changeContact(tx, account, { blocked });
  endGivenCapabilities(tx, account, blocked ? 'swallowed' : 'live');
  if (blocked) tx.delete(receiptsTable, account);
  // What came meanwhile is gone on purpose, and no gap is to be shown for it.
  else resyncAll(tx, account);
  announceContact(tx, account);
}

function announceTrust(tx: Transaction, account: AccountId): void {
  tx.event({
    type: 'trust',
    account: accountText(account),
    name: displayName(tx, account),
    trust: trustState(tx, account),
    signed: true,
  });
}
