/** Accounts of a test: registered at a relay, opened as engines, with what their front end heard. */

import { join } from 'node:path';
import type { PositionedEvent } from '../../../client/core/events.ts';
import type { MessageView } from '../../../client/core/queries.ts';
import {
  type Host,
  type OpenedAccount,
  openAccount,
  registerAccount,
} from '../../../client/engine/accounts.ts';
import { type Paths, resolvePaths } from '../../../client/engine/paths.ts';
import { relayUri } from '../../../client/engine/relay-target.ts';
import type { RelayAddress } from '../../../client/wire/uri.ts';
import { quickStretcher } from '../../support/quick-stretcher.ts';

export const testHost: Partial<Host> = {
  stretcher: quickStretcher,
  links: { reconnectMinMs: 5, reconnectMaxMs: 50, anonymousDelayMs: 0 },
};

export interface Person {
  readonly name: string;
  readonly paths: Paths;
  account: OpenedAccount;
  readonly events: PositionedEvent[];
  /** Resolves with the first event, past or to come, that fits. */
  heard(fits: (event: PositionedEvent) => boolean): Promise<PositionedEvent>;
  texts(who: string): Promise<readonly string[]>;
  history(who: string): Promise<readonly MessageView[]>;
  open(): Promise<void>;
}

export async function makePerson(name: string, directory: string, relay: RelayAddress): Promise<Person> {
  const paths = resolvePaths({ INTECHAT_DATA_DIR: join(directory, `data-${name}`) });
  const unlock = { keyFile: true } as const;
  await registerAccount({ paths, name, relayUri: relayUri(relay), unlock, host: testHost });
  const events: PositionedEvent[] = [];
  let watchers: (() => void)[] = [];
  const hear = (event: PositionedEvent) => {
    events.push(event);
    for (const watch of [...watchers]) watch();
  };
  const person: Person = {
    name,
    paths,
    events,
    account: await openAccount({ paths, name, unlock, connect: true, host: testHost }),
    heard: (fits) =>
      new Promise((resolve) => {
        const watch = () => {
          const found = events.find(fits);
          if (found === undefined) return;
          watchers = watchers.filter((each) => each !== watch);
          resolve(found);
        };
        watchers.push(watch);
        watch();
      }),
    async history(who) {
      return person.account.query({ type: 'history', who, limit: 1_000 });
    },
    async texts(who) {
      const lines = await person.history(who);
      return lines.filter(({ kind }) => kind === 'text').map(({ from, text }) => `${from}: ${text}`);
    },
    async open() {
      person.account = await openAccount({ paths, name, unlock, connect: true, host: testHost });
      person.account.subscribe(hear);
    },
  };
  person.account.subscribe(hear);
  return person;
}

/** Alice asks, Bob accepts, and both know of it. */
export async function befriend(alice: Person, bob: Person): Promise<void> {
  await alice.account.execute({ type: 'send', to: bob.name, text: `hello ${bob.name}` });
  await bob.heard((event) => event.type === 'request');
  await bob.account.execute({ type: 'requests.accept', who: alice.name });
  await alice.heard((event) => event.type === 'request.accepted');
}
