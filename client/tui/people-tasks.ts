/** Tasks about people, and about the account itself. */

import { ChatError } from '../../crypto/errors.ts';
import { columns } from '../cli/columns.ts';
import { numberRows, personName, reasonWords } from '../cli/message-words.ts';
import { joinSafe, phrase, type SafeText, safe, say } from '../cli/safe-text.ts';
import { formatMoment } from '../cli/times.ts';
import type { ContactView } from '../core/queries.ts';
import type { AccountSurface } from '../core/surface.ts';
import { error, type Item, lines, note } from './item.ts';
import { pastItem } from './message-tasks.ts';
import type { Outcome } from './model.ts';
import { requestItems } from './on-event.ts';
import type { TaskContext } from './tasks.ts';

/** Lines that are shown when a chat is opened. */
const OPENING_LINES = 10;

/** Opens the chat with a contact, or with somebody whom the relay knows. */
export async function open(surface: AccountSurface, who: string): Promise<Outcome> {
  const contact = await findOrAdd(surface, who);
  const { account, name, trust, state } = contact;
  const messages = await surface.query({ type: 'history', who: account, limit: OPENING_LINES });
  return {
    items: [...messages.map(pastItem), ...openingNotes(contact, messages.length === 0)],
    chat: { account, name, trust, state },
  };
}

async function findOrAdd(surface: AccountSurface, who: string): Promise<ContactView> {
  try {
    return await surface.query({ type: 'contact', who });
  } catch (cause) {
    if (!(cause instanceof ChatError) || cause.code !== 'not-found') throw cause;
  }
  const { account } = await surface.execute({ type: 'contacts.add', address: who });
  return surface.query({ type: 'contact', who: account });
}

function openingNotes({ name, state, blocked }: ContactView, isEmpty: boolean): readonly Item[] {
  const shown = personName(name);
  if (blocked) return [note(phrase`${shown} is blocked: /unblock ${shown}`)];
  switch (state) {
    case 'incoming':
      return [note(phrase`${shown} waits for your answer: what you write accepts, or /reject ${shown}`)];
    case 'rejected':
      return [note(phrase`you rejected ${shown}; what you write accepts`)];
    case 'requested':
      return [
        note(
          isEmpty
            ? phrase`your first message to ${shown} is a request`
            : phrase`${shown} has not accepted yet`,
        ),
      ];
    default:
      return isEmpty ? [note(say`nothing was said yet`)] : [];
  }
}

export async function info(context: TaskContext, who: string): Promise<Outcome> {
  const { surface, utc, nowMs } = context;
  const contact = await surface.query({ type: 'contact', who });
  const identities = await surface.query({ type: 'identities', who: contact.account });
  const since = formatMoment(contact.addedMs, nowMs(), { utc, short: true });
  const current = identities.find((identity) => identity.current);
  const facts: readonly (readonly SafeText[])[] = [
    [say`name`, called(contact)],
    [say`state`, phrase`${stateOf(contact)}, since ${say`${since}`}`],
    [say`trust`, say`${contact.trust}${contact.linkChecked ? ', checked by its link' : ''}`],
    [say`account`, say`${contact.account}`],
    [say`key`, say`${current?.fingerprint ?? 'not known'}`],
  ];
  const earlier = identities.length - (current === undefined ? 0 : 1);
  const rows =
    earlier === 0 ? facts : [...facts, [say`earlier keys`, say`${earlier}: intechat identities NAME`]];
  return { items: [lines(...columns(rows))] };
}

function called({ name, username }: ContactView): SafeText {
  const shown = personName(name);
  return name === username ? shown : phrase`${shown} (${personName(username)} at the relay)`;
}

function stateOf({ state, blocked, muted }: ContactView): SafeText {
  const words = { requested: 'has not accepted yet', incoming: 'waits for your answer', accepted: 'contact' };
  const word = state === 'rejected' ? 'rejected' : words[state];
  return joinSafe([say`${word}`, ...(blocked ? [say`blocked`] : []), ...(muted ? [say`muted`] : [])], ', ');
}

export async function verify(surface: AccountSurface, who: string, me: string): Promise<Outcome> {
  const { name, number, trust, account } = await surface.query({ type: 'fingerprint', who });
  const shown = personName(name);
  if (number === undefined) return { items: [error(phrase`no key of ${shown} is known yet`)] };
  const already = trust === 'verified' ? [phrase`${shown} is verified already.`] : [];
  return {
    items: [
      lines(
        phrase`Safety number with ${shown}:`,
        ...numberRows(number).map((row) => phrase`    ${row}`),
        ...already,
      ),
    ],
    question: {
      text: phrase`ask ${shown} to type /verify ${personName(me)}; the numbers must be the same on both screens`,
      yes: { kind: 'verified', who: account, number },
      no: phrase`not verified. If the numbers differ somebody may be in between: write nothing secret to ${shown}`,
      later: phrase`nothing changed; any time: /verify ${shown}`,
    },
  };
}

export async function verified(
  surface: AccountSurface,
  { who, number }: { readonly who: string; readonly number: string },
): Promise<Outcome> {
  const { name, matched } = await surface.execute({ type: 'verify', who, number });
  if (!matched) {
    return {
      items: [error(phrase`the number with ${personName(name)} has changed meanwhile; nothing was marked`)],
    };
  }
  return { items: [note(phrase`${personName(name)} is verified`)] };
}

export async function askTrust(surface: AccountSurface, who: string): Promise<Outcome> {
  const { name, fingerprint, account } = await surface.query({ type: 'fingerprint', who });
  const shown = personName(name);
  return {
    items: [lines(phrase`Present key of ${shown}: ${say`${fingerprint}`}`)],
    question: {
      text: phrase`send to it without comparing safety numbers?`,
      yes: { kind: 'trust', who: account },
      no: phrase`nothing changed; to compare: /verify ${shown}`,
    },
  };
}

export async function trust(surface: AccountSurface, who: string): Promise<Outcome> {
  const { name, released } = await surface.execute({ type: 'trust', who });
  const out = released === 1 ? say`1 held message goes out` : say`${released} held messages go out`;
  return { items: [note(phrase`the present key of ${personName(name)} is trusted; ${out}`)] };
}

export async function accept(surface: AccountSurface, who: string): Promise<Outcome> {
  const { name } = await surface.execute({ type: 'requests.accept', who });
  const shown = personName(name);
  return { items: [note(phrase`${shown} is a contact now; to answer: /open ${shown}`)] };
}

export async function reject(surface: AccountSurface, who: string): Promise<Outcome> {
  await surface.execute({ type: 'requests.reject', who });
  return { items: [note(phrase`dropped; ${personName(who)} sees no difference from waiting`)] };
}

export async function block(surface: AccountSurface, who: string): Promise<Outcome> {
  const name = await nameOf(surface, who);
  await surface.execute({ type: 'block', who });
  return { items: [note(phrase`${name} is blocked; to end it: /unblock ${name}`)] };
}

export async function unblock(surface: AccountSurface, who: string): Promise<Outcome> {
  const name = await nameOf(surface, who);
  await surface.execute({ type: 'unblock', who });
  return { items: [note(phrase`${name} is not blocked any more`)] };
}

export async function mute(surface: AccountSurface, who: string, muted: boolean): Promise<Outcome> {
  const name = await nameOf(surface, who);
  await surface.execute({ type: 'mute', who, muted });
  const text = muted
    ? phrase`${name} is shown only while their chat is open; to end it: /unmute ${name}`
    : phrase`${name} is shown again`;
  return { items: [note(text)] };
}

async function nameOf(surface: AccountSurface, who: string): Promise<SafeText> {
  return personName((await surface.query({ type: 'contact', who })).name);
}

export async function listContacts(surface: AccountSurface): Promise<Outcome> {
  const contacts = await surface.query({ type: 'contacts' });
  if (contacts.length === 0)
    return { items: [note(say`no contacts yet: /msg NAME TEXT writes to somebody`)] };
  const rows = contacts.map((contact) => [called(contact), say`${contact.trust}`, stateOf(contact)]);
  return { items: [lines(...columns(rows))] };
}

export async function listRequests(surface: AccountSurface): Promise<Outcome> {
  const requests = await surface.query({ type: 'requests' });
  return { items: requests.length === 0 ? [note(say`no requests`)] : requests.flatMap(requestItems) };
}

export async function showAddress(surface: AccountSurface): Promise<Outcome> {
  const { address, listed } = await surface.query({ type: 'address' });
  const also = listed
    ? say`People on your relay can also find you by your name.`
    : say`You are not found by your name: only this address reaches you.`;
  return { items: [lines(safe(address), also)] };
}

export async function showStatus(surface: AccountSurface): Promise<Outcome> {
  const status = await surface.query({ type: 'status' });
  const why = status.linkReason === undefined ? say`` : phrase` (${reasonWords(status.linkReason)})`;
  const rows = [
    [say`account`, say`${status.name}, device ${status.device}`],
    [say`relay`, phrase`${say`${status.relay}`}, ${say`${status.link}`}${why}`],
    [say`waiting`, say`${status.outbox} to send, ${status.requests} requests, ${status.unread} unread`],
    [say`accepts`, say`${status.acceptFrom}${status.listed ? '' : ', not listed'}`],
  ];
  return { items: [lines(...columns(rows))] };
}
