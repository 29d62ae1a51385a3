/** When the mailbox has been read up to what was there at some moment. */

/** The home link while it is up. */
export interface Online {
  /** Messages in the mailbox when the link signed in. */
  readonly waiting: number;
  /** Envelopes pushed since then. */
  delivered: number;
}

/** The relay counts messages that expire meanwhile: after so much silence what was counted is not waited for. */
export const CAUGHT_UP_QUIET_MS = 2_000;

/**
 * Everything that was in the mailbox at the call is here when two things hold: as many envelopes came as the
 * relay had counted at sign-in, and a request made after the call was answered without another envelope
 * coming in between. The relay pushes at once, over the same connection, so what was there came first.
 */
export class MailboxMark {
  #reached: { readonly online: Online; readonly delivered: number } | undefined;
  #uncounted: Online | undefined;

  hasCounted(online: Online): boolean {
    return online.delivered >= online.waiting || this.#uncounted === online;
  }

  /** The rest of what the relay counted does not come any more. */
  stopCounting(online: Online): void {
    this.#uncounted = online;
  }

  /** A request was answered; `delivered` is what had come when it was made. */
  set(online: Online, delivered: number): void {
    this.#reached = { online, delivered };
  }

  isReached(online: Online): boolean {
    return this.#reached?.online === online && this.#reached.delivered === online.delivered;
  }
}
