/**
 * The one place that writes to the terminal: results to stdout, everything else to stderr. Every line passes
 * `visible`, so a name, a path or an error text from outside can never move the cursor or forge a line.
 */

/** Controls, format and bidi characters, line separators, lone surrogates, and whatever shows as nothing. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
/** A terminal line of ours; longer text comes from outside and is cut. */
const LINE_MAX_CHARACTERS = 2_000;

/** Everything that is not plain visible text becomes `<U+001B>`. */
export function visible(text: string): string {
  const cut = text.length > LINE_MAX_CHARACTERS ? `${text.slice(0, LINE_MAX_CHARACTERS)}…` : text;
  return cut.replace(UNSAFE, (character) => {
    const point = character.codePointAt(0) ?? 0;
    return `<U+${point.toString(16).toUpperCase().padStart(4, '0')}>`;
  });
}

/** Where a line goes: process.stdout and process.stderr, or a list in a test. */
export interface Output {
  write(text: string): unknown;
}

export interface Voice {
  /** The answer to the command, on stdout. */
  result(line: string): void;
  /** One JSON value on one line, on stdout. */
  json(value: unknown): void;
  note(text: string): void;
  warning(text: string): void;
  error(text: string, hints?: readonly string[]): void;
}

const PROGRAM = 'intechat-relay';

export function createVoice(stdout: Output, stderr: Output): Voice {
  const say = (line: string): void => {
    stderr.write(`${PROGRAM}: ${visible(line)}\n`);
  };
  return {
    result: (line) => {
      stdout.write(`${visible(line)}\n`);
    },
    // JSON.stringify escapes C0 itself; the rest is escaped here so that the line stays valid JSON.
    json: (value) => {
      stdout.write(`${escapeJson(JSON.stringify(value))}\n`);
    },
    note: say,
    warning: (text) => say(`warning: ${text}`),
    error: (text, hints = []) => {
      say(`error: ${text}`);
      for (const hint of hints) say(`hint: ${hint}`);
    },
  };
}

function escapeJson(json: string): string {
  return json.replace(UNSAFE, (character) => {
    let out = '';
    for (let i = 0; i < character.length; i++) {
      out += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
    }
    return out;
  });
}
