/** What happens in the chat, as data: a view turns it into lines, whatever the screen looks like. */

import type { SafeText } from '../cli/safe-text.ts';
import type { MessageView } from '../core/queries.ts';

export type Item =
  /** `past` ones are shown with how far they got, `recipient` ones with whom they went to. */
  | {
      readonly kind: 'message';
      readonly message: MessageView;
      readonly past: boolean;
      readonly recipient: boolean;
    }
  /** Something that the program has to say. */
  | { readonly kind: 'note'; readonly text: SafeText }
  /** A table or an answer of more lines, as it stands. */
  | { readonly kind: 'lines'; readonly lines: readonly SafeText[] }
  | { readonly kind: 'error'; readonly text: SafeText; readonly hints: readonly SafeText[] };

export function note(text: SafeText): Item {
  return { kind: 'note', text };
}

export function lines(...all: readonly SafeText[]): Item {
  return { kind: 'lines', lines: all };
}

export function error(text: SafeText, ...hints: readonly SafeText[]): Item {
  return { kind: 'error', text, hints };
}
