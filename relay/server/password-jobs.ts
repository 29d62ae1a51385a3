/** What the main thread and a password worker say to each other. */

export type PasswordTask =
  | { readonly kind: 'hash'; readonly authKey: string }
  | { readonly kind: 'verify'; readonly authKey: string; readonly hash: string };

export type PasswordResult =
  | { readonly kind: 'hash'; readonly hash: string }
  | { readonly kind: 'verify'; readonly matches: boolean }
  /** bcrypt refused its input; nothing of it is repeated here. */
  | { readonly kind: 'failed' };
