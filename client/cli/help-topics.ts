/** What `help TOPIC` knows besides the commands. The texts load only when they are asked for. */

export const HELP_TOPICS = ['addresses', 'exit-codes', 'files', 'json', 'passphrases', 'settings'] as const;

export type HelpTopic = (typeof HELP_TOPICS)[number];

export function isHelpTopic(word: string): word is HelpTopic {
  return (HELP_TOPICS as readonly string[]).includes(word);
}
