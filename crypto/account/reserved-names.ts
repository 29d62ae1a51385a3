/**
 * Words that nobody may register: a command, a sub-command or a word with a meaning in a command line must
 * never be mistaken for a person.
 */

const COMMANDS =
  'account address backup block chats completion config contacts daemon delete demo disappear distrust ' +
  'doctor edit export file fingerprint group help history identities intechat join key login logout mute ' +
  'outbox passphrase react read receive recovery register requests rpc schema search send session status ' +
  'token trust unblock unmute verify whoami';
const SUB_COMMANDS =
  'accept add ban cancel change clear confirm create detach get import invite leave list listed members ' +
  'name pause path qr reject remove rename renew reset restore resume revoke role rotate run set show stop ' +
  'use';
const INTERACTIVE = 'code info msg open quit reply save tail';
const RELAY = 'check endorse inspect intechat-relay stats systemd user version';
const MEANINGS = 'admin all everyone link me member nobody observer others owner relay';

export const RESERVED_NAMES: ReadonlySet<string> = new Set(
  [COMMANDS, SUB_COMMANDS, INTERACTIVE, RELAY, MEANINGS].flatMap((words) => words.split(' ')),
);
