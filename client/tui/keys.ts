/** What a terminal sends, as keys. Pure: what is not understood is dropped whole, never typed into the line. */

import type { Edit } from './line-editor.ts';

export type Key =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'paste'; readonly text: string; readonly cut: boolean }
  | { readonly kind: 'edit'; readonly edit: Edit }
  | { readonly kind: 'enter' | 'tab' | 'interrupt' | 'end' | 'redraw' | 'suspend' };

export interface KeyState {
  /** The beginning of a sequence whose end has not come yet. */
  readonly pending: string;
  /** What was pasted so far, while a paste goes on. */
  readonly paste: string | undefined;
  readonly pasteCut: boolean;
}

export const noKeys: KeyState = { pending: '', paste: undefined, pasteCut: false };

/** More than any message: the rest of a paste is dropped and the user told. */
export const PASTE_MAX_CODE_UNITS = 262_144;
/** No key has a longer sequence. */
const SEQUENCE_MAX = 64;

const ESCAPE = '\x1b';
const PASTE_START = '\x1b[200~';
const PASTE_END = '\x1b[201~';

const CONTROL: Readonly<Record<string, Key>> = {
  '\x01': { kind: 'edit', edit: 'start' },
  '\x02': { kind: 'edit', edit: 'left' },
  '\x03': { kind: 'interrupt' },
  '\x04': { kind: 'end' },
  '\x05': { kind: 'edit', edit: 'end' },
  '\x06': { kind: 'edit', edit: 'right' },
  '\x08': { kind: 'edit', edit: 'delete-left' },
  '\t': { kind: 'tab' },
  '\n': { kind: 'enter' },
  '\x0b': { kind: 'edit', edit: 'cut-to-end' },
  '\x0c': { kind: 'redraw' },
  '\r': { kind: 'enter' },
  '\x0e': { kind: 'edit', edit: 'newer' },
  '\x10': { kind: 'edit', edit: 'older' },
  '\x15': { kind: 'edit', edit: 'cut-to-start' },
  '\x17': { kind: 'edit', edit: 'cut-word-left' },
  '\x19': { kind: 'edit', edit: 'yank' },
  '\x1a': { kind: 'suspend' },
  '\x7f': { kind: 'edit', edit: 'delete-left' },
};

const SEQUENCES: Readonly<Record<string, Edit>> = {
  '[A': 'older',
  '[B': 'newer',
  '[C': 'right',
  '[D': 'left',
  '[H': 'start',
  '[F': 'end',
  OA: 'older',
  OB: 'newer',
  OC: 'right',
  OD: 'left',
  OH: 'start',
  OF: 'end',
  '[1~': 'start',
  '[7~': 'start',
  '[4~': 'end',
  '[8~': 'end',
  '[3~': 'delete-right',
  '[1;5C': 'word-right',
  '[1;5D': 'word-left',
  '[1;3C': 'word-right',
  '[1;3D': 'word-left',
  '[3;5~': 'cut-word-right',
  b: 'word-left',
  f: 'word-right',
  d: 'cut-word-right',
  '\x7f': 'cut-word-left',
  '\b': 'cut-word-left',
};

export interface Decoded {
  readonly state: KeyState;
  readonly keys: readonly Key[];
}

export function decodeKeys(state: KeyState, chunk: string): Decoded {
  const keys: Key[] = [];
  let rest = state.pending + chunk;
  let { paste, pasteCut } = state;
  while (rest !== '') {
    if (paste !== undefined) {
      const taken: Pasted = takePaste(rest, paste, pasteCut);
      ({ paste, cut: pasteCut } = taken);
      if (taken.ended) {
        keys.push({ kind: 'paste', text: paste, cut: pasteCut });
        paste = undefined;
        pasteCut = false;
      }
      rest = taken.rest;
      if (!taken.ended) break;
    } else if (rest.startsWith(ESCAPE)) {
      const sequence = sequenceAt(rest);
      if (sequence === undefined) break;
      rest = rest.slice(sequence.length);
      if (sequence === PASTE_START) paste = '';
      else pushSequence(keys, sequence);
    } else {
      rest = takePlain(keys, rest);
    }
  }
  return { state: { pending: rest, paste, pasteCut }, keys };
}

/** Nothing came for a while: an Escape key that stood alone was meant alone, and means nothing here. */
export function flushKeys(state: KeyState): KeyState {
  return state.paste === undefined ? { ...state, pending: '' } : state;
}

interface Pasted {
  readonly paste: string;
  readonly cut: boolean;
  readonly ended: boolean;
  /** Behind the paste; or what may be the beginning of its end. */
  readonly rest: string;
}

function takePaste(input: string, before: string, cutBefore: boolean): Pasted {
  const end = input.indexOf(PASTE_END);
  const ended = end !== -1;
  const kept = ended ? end : input.length - partOfEnd(input);
  const all = before + input.slice(0, kept);
  return {
    paste: all.slice(0, PASTE_MAX_CODE_UNITS),
    cut: cutBefore || all.length > PASTE_MAX_CODE_UNITS,
    ended,
    rest: input.slice(ended ? end + PASTE_END.length : kept),
  };
}

function partOfEnd(input: string): number {
  for (let length = Math.min(PASTE_END.length - 1, input.length); length > 0; length--) {
    if (input.endsWith(PASTE_END.slice(0, length))) return length;
  }
  return 0;
}

/** The whole sequence at the start; undefined while its end is missing. */
function sequenceAt(input: string): string | undefined {
  const kind = input[1];
  if (kind === undefined) return undefined;
  if (kind === ESCAPE) return ESCAPE;
  if (kind === 'O') return input.length < 3 ? undefined : input.slice(0, 3);
  if (kind !== '[') return input.slice(0, 1 + lengthOfCharacter(input, 1));
  for (let at = 2; at < input.length; at++) {
    const code = input.charCodeAt(at);
    // Parameters and intermediates come first; anything else ends it, one way or the other.
    if (code >= 0x40 && code <= 0x7e) return input.slice(0, at + 1);
    if (code < 0x20 || code > 0x7e) return input.slice(0, at);
    if (at >= SEQUENCE_MAX) return input.slice(0, at + 1);
  }
  return undefined;
}

function lengthOfCharacter(input: string, at: number): number {
  return (input.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

function pushSequence(keys: Key[], sequence: string): void {
  const name = sequence.slice(1);
  const found = Object.hasOwn(SEQUENCES, name) ? SEQUENCES[name] : undefined;
  if (found !== undefined) keys.push({ kind: 'edit', edit: found });
}

function takePlain(keys: Key[], input: string): string {
  const first = input[0] ?? '';
  if (first === '\r' && input[1] === '\n') {
    keys.push({ kind: 'enter' });
    return input.slice(2);
  }
  if (Object.hasOwn(CONTROL, first)) {
    const key = CONTROL[first];
    if (key !== undefined) keys.push(key);
    return input.slice(1);
  }
  let end = 0;
  while (end < input.length && !isControl(input.charCodeAt(end))) end++;
  if (end > 0) keys.push({ kind: 'text', text: input.slice(0, end) });
  return input.slice(Math.max(end, 1));
}

function isControl(code: number): boolean {
  return code < 0x20 || code === 0x7f;
}
