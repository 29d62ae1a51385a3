/** Every command, in the order of help. */

import type { CommandSpec } from '../command-spec.ts';
import { accountCommands } from './account-commands.ts';
import { chatCommands } from './chat-commands.ts';
import { localCommands } from './local-commands.ts';
import { peopleCommands } from './people-commands.ts';
import { trustCommands } from './trust-commands.ts';

export const commands: readonly CommandSpec[] = [
  ...accountCommands,
  ...peopleCommands,
  ...trustCommands,
  ...chatCommands,
  ...localCommands,
];
