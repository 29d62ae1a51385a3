/**
 * Who may import whom. The table of docs/architecture.md as code: "the server never sees plaintext" is a
 * property of this graph.
 */

import { expect } from 'chai';
import { importsOf, type Source, sourcesUnder } from '../support/sources.ts';

interface Rule {
  readonly room: string;
  readonly files: RegExp;
  readonly may: readonly RegExp[];
}

const anyNode = /^node:/;
const codecHelpers = /^crypto\/(bytes|errors|wire\/(protobuf|schema))\.ts$/;

const rules: readonly Rule[] = [
  {
    room: 'crypto/primitives',
    files: /^crypto\/primitives\//,
    may: [/^crypto\//, /^node:crypto$/, /^@noble\//, /^@scure\//, /^libsodium-wrappers$/],
  },
  { room: 'crypto', files: /^crypto\/(?!primitives\/)/, may: [/^crypto\//] },
  { room: 'relay/protocol', files: /^relay\/protocol\//, may: [/^relay\/protocol\//, codecHelpers] },
  {
    room: 'relay/core',
    files: /^relay\/core\//,
    may: [
      /^relay\/(protocol|core)\//,
      /^relay\/store\/store\.ts$/,
      codecHelpers,
      /^crypto\/(secret|random)\.ts$/,
      /^crypto\/(keys|trust|account)\//,
      /^crypto\/primitives\/(hash|hmac)\.ts$/,
    ],
  },
  {
    room: 'relay/store, relay/server and relay/main.ts',
    files: /^relay\/(store|server|main)/,
    may: [
      /^relay\//,
      codecHelpers,
      /^crypto\/(secret|random)\.ts$/,
      /^crypto\/keys\//,
      /^crypto\/primitives\/(hash|hmac|sodium)\.ts$/,
      /^crypto\/account\//,
      anyNode,
      /^(ws|level|bcryptjs|pino|yargs)(\/|$)/,
    ],
  },
  {
    room: 'client/core and client/wire',
    files: /^client\/(core|wire)\//,
    may: [/^client\/(core|wire)\//, /^crypto\//, /^relay\/protocol\//],
  },
  {
    room: 'client/store, client/engine and client/transport',
    files: /^client\/(store|engine|transport)\//,
    may: [
      /^client\/(store|engine|transport|core|wire)\//,
      /^crypto\//,
      /^relay\/protocol\//,
      anyNode,
      /^(ws|level)$/,
    ],
  },
  {
    room: 'the front ends',
    files: /^client\/(cli|tui|api|main\.ts)/,
    may: [
      /^client\/(cli|tui|api)\//,
      /^client\/core\/(commands|queries|events|surface)\.ts$/,
      /^client\/engine\//,
      /^client\/wire\/uri\.ts$/,
      /^crypto\/(errors|secret)\.ts$/,
      anyNode,
      /^(yargs|string-width)(\/|$)/,
    ],
  },
];

const sources = sourcesUnder('crypto', 'relay', 'client');

/** Everything reachable from a file through our own imports. */
function closure(start: readonly Source[]): ReadonlySet<string> {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const seen = new Set<string>();
  const queue = start.map(({ path }) => path);
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const source = byPath.get(path);
    if (source === undefined || seen.has(path)) continue;
    seen.add(path);
    queue.push(...importsOf(source));
  }
  return seen;
}

describe('layers', () => {
  it('has sources to look at, each in exactly one room', () => {
    expect(sources.length).to.be.greaterThan(100);
    for (const { path } of sources) {
      expect(
        rules.filter(({ files }) => files.test(path)).map(({ room }) => room),
        path,
      ).to.have.length(1);
    }
  });

  for (const { room, files, may } of rules) {
    it(`lets ${room} import only what its row allows`, () => {
      const wrong = sources
        .filter(({ path }) => files.test(path))
        .flatMap((source) =>
          importsOf(source)
            .filter((name) => !may.some((allowed) => allowed.test(name)))
            .map((name) => `${source.path} imports ${name}`),
        );
      expect(wrong).to.deep.equal([]);
    });
  }

  it('keeps everything that could decrypt out of the relay, however far the imports go', () => {
    const reachable = closure(sources.filter(({ path }) => path.startsWith('relay/')));
    expect(
      [...reachable].filter((path) =>
        /^(client\/|crypto\/(session|ratchet|handshake|group|vault)\/)/.test(path),
      ),
    ).to.deep.equal([]);
  });

  it('keeps clock, timers, system randomness and console out of crypto/ and the pure cores', () => {
    const impure =
      /\b(Date\.now|new Date|Math\.random|setTimeout|setInterval|setImmediate|performance\.now|console\.)/;
    const wrong = sources
      .filter(({ path }) => /^(crypto|relay\/(protocol|core)|client\/(core|wire))\//.test(path))
      .filter(({ text }) => impure.test(text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '')))
      .map(({ path }) => path);
    expect(wrong).to.deep.equal([]);
  });

  it('finds a forbidden import when there is one', () => {
    const planted: Source = {
      path: 'relay/core/planted.ts',
      text: "import { x } from '../../crypto/session/record.ts';",
    };
    const rule = rules.find(({ files }) => files.test(planted.path));
    expect(importsOf(planted).every((name) => rule?.may.some((allowed) => allowed.test(name)))).to.equal(
      false,
    );
  });
});
