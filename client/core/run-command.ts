/** Every command, and what it answers. */

import { assertNever } from '../../crypto/errors.ts';
import { rotateAddress } from './capabilities.ts';
import type { Command } from './commands.ts';
import { REVOKE_TAG, waitFor } from './look-ups.ts';
import { cancel, retry } from './outbox-state.ts';
import { ownAddress } from './own-address.ts';
import { confirmRecovery, moveCursor, readConversation, setListed, setSettings } from './own-commands.ts';
import {
  acceptPerson,
  addPerson,
  blockPerson,
  clearVerification,
  distrustPerson,
  mutePerson,
  rejectPerson,
  removePerson,
  renamePerson,
  trustPerson,
  verifyPerson,
} from './people-commands.ts';
import { release } from './release.ts';
import { parseMessageId, send } from './send.ts';
import type { Transaction } from './transaction.ts';

const DONE = {};

/**
 * Runs a command. Its result is an effect of this step, or of a later one where the relay has to be asked.
 * @throws ChatError when it is refused.
 */
export function runCommand(tx: Transaction, id: string, command: Command, isResolved = false): void {
  const result = resultOf(tx, id, command, isResolved);
  if (result !== undefined) tx.result(id, result);
}

function resultOf(tx: Transaction, id: string, command: Command, isResolved: boolean): unknown {
  switch (command.type) {
    case 'send':
      return send(tx, id, command, isResolved);
    case 'contacts.add':
      return addPerson(tx, id, command, isResolved);
    case 'requests.accept':
      return acceptPerson(tx, command);
    case 'verify':
      return verifyPerson(tx, command);
    case 'trust':
      return trustPerson(tx, command);
    case 'outbox.cancel':
      return { cancelled: cancel(tx, parseMessageId(command.id)) };
    case 'address.rotate':
      rotateAddress(tx);
      return { address: ownAddress(tx) };
    case 'logout':
      waitFor(tx, { id, command, tag: REVOKE_TAG, who: '' });
      return undefined;
    default:
      runPlainCommand(tx, command);
      return DONE;
  }
}

type PlainCommand = Exclude<
  Command,
  {
    readonly type:
      | 'send'
      | 'contacts.add'
      | 'requests.accept'
      | 'verify'
      | 'trust'
      | 'outbox.cancel'
      | 'address.rotate'
      | 'logout';
  }
>;

function runPlainCommand(tx: Transaction, command: PlainCommand): void {
  switch (command.type) {
    case 'outbox.retry':
      release(tx, retry(tx, parseMessageId(command.id)));
      return;
    case 'requests.reject':
      rejectPerson(tx, command);
      return;
    case 'contacts.rename':
      renamePerson(tx, command);
      return;
    case 'contacts.remove':
      removePerson(tx, command);
      return;
    case 'block':
      blockPerson(tx, command.who, true);
      return;
    case 'unblock':
      blockPerson(tx, command.who, false);
      return;
    case 'mute':
      mutePerson(tx, command);
      return;
    case 'verify.clear':
      clearVerification(tx, command.who);
      return;
    case 'distrust':
      distrustPerson(tx, command.who);
      return;
    case 'address.listed':
      setListed(tx, command.listed);
      return;
    case 'settings':
      setSettings(tx, command);
      return;
    case 'read':
      readConversation(tx, command.who);
      return;
    case 'cursor.advance':
      moveCursor(tx, command.cursor, command.position);
      return;
    case 'recovery.confirm':
      confirmRecovery(tx);
      return;
    default:
      assertNever(command);
  }
}
