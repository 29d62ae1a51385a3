/** What the program's exit status means; the same numbers as the client's. */
export const EXIT = {
  ok: 0,
  refused: 1,
  bug: 2,
  /** Network or disk. */
  io: 3,
  notFound: 8,
  /** The store is in use by another process. */
  locked: 9,
  usage: 64,
  interrupted: 130,
  terminated: 143,
} as const;

const exitByCode: Readonly<Record<string, number>> = {
  usage: EXIT.usage,
  'public-without-tls': EXIT.usage,
  'debugger-refused': EXIT.usage,
  'store-locked': EXIT.locked,
  'not-found': EXIT.notFound,
  'port-in-use': EXIT.io,
  'cannot-listen': EXIT.io,
  'not-running': EXIT.io,
  'admin-failed': EXIT.io,
  'disk-failed': EXIT.io,
  'store-unusable': EXIT.io,
  bug: EXIT.bug,
};

/** The exit status for a typed error; refused when the code has none of its own. */
export function exitStatusOf(code: string): number {
  return exitByCode[code] ?? EXIT.refused;
}
