/** The texts of `help TOPIC`. */

import { exitCodeMeanings } from './exit-codes.ts';
import type { HelpTopic } from './help-topics.ts';
import { configurable } from './settings.ts';

const CODE_COLUMNS = 5;
const VARIABLE_COLUMNS = 31;
const KEY_COLUMNS = 20;

export function helpText(topic: HelpTopic): string {
  return [`${topic}`, '', ...texts[topic]()].join('\n');
}

const texts: Readonly<Record<HelpTopic, () => readonly string[]>> = {
  addresses: () => [
    'ic://FINGERPRINT@host:port                     a relay; FINGERPRINT pins its root key',
    'ic://FINGERPRINT@host:port/i/CODE              an invitation to it',
    'ic://FINGERPRINT@host:port/u/NAME#SECRET.ID    reaches a person; pass it on like a secret',
    '',
    'A bare name means somebody on the relay of your own account.',
  ],
  'exit-codes': () =>
    exitCodeMeanings.map(([code, meaning]) => `${String(code).padStart(CODE_COLUMNS - 2)}  ${meaning}`),
  files: () => [
    '~/.local/share/intechat/ACCOUNT/   the sealed store and, without a passphrase, the key file',
    '~/.config/intechat/config.json     settings; see: intechat help settings',
    '$XDG_RUNTIME_DIR/intechat/         the socket by which two programs share one account',
    '',
    'The XDG variables are honoured. Folders are 0700, files 0600. `intechat status` prints every path.',
  ],
  json: () => [
    'With --json, stdout carries one object:',
    '  {"ok":true,"result":…}',
    '  {"ok":false,"error":{"code":64,"name":"usage","message":"…","hint":"…","data":…}}',
    'code is the exit code, name is stable and listed in docs/errors.md.',
    '',
    'receive, --follow and daemon print one object per line, each with a type.',
    'Times are milliseconds (sentMs) and ISO-8601 (sentAt). Ids are opaque strings.',
    'Ignore fields and types you do not know: later versions add some.',
  ],
  passphrases: () => [
    'A passphrase is never a word of the command line. It is looked for in this order:',
    '  1. --passphrase-fd N',
    '  2. --passphrase-file FILE, which nobody else may be able to read',
    '  3. the file named by $INTECHAT_PASSPHRASE_FILE',
    '  4. $CREDENTIALS_DIRECTORY/intechat-passphrase, for services',
    '  5. a running daemon, which needs none',
    '  6. the terminal',
    'An account made with --key-file has none.',
  ],
  settings: () => [
    'Flags win over variables, variables over --config FILE, that over ~/.config/intechat/config.json,',
    'that over /etc/intechat/config.json. A file is one JSON object, such as {"account":"alice","utc":true}.',
    '',
    ...Object.values(configurable).map(
      ({ variable, key, what }) => `  ${variable.padEnd(VARIABLE_COLUMNS)}${key.padEnd(KEY_COLUMNS)}${what}`,
    ),
  ],
};
