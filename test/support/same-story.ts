/** What must hold after two people talked through whatever was done to them. */

import { expect } from 'chai';
import type { MessageView } from '../../client/core/queries.ts';
import type { Talker } from './talker.ts';

/** For the relay of a test that says more in a minute than people say in a day. */
export const GENEROUS: readonly string[] = [
  '--limit',
  'capability-burst=1000000',
  '--limit',
  'capability-per-day=1000000',
];

/** Ends the talking; then each side must have every text of both exactly once, in the order it was said. */
export async function expectSameStory(talkers: readonly Talker[], timeoutMs: number): Promise<void> {
  await Promise.all(talkers.map((talker) => talker.finish(timeoutMs)));
  for (const talker of talkers) expect(await talker.caughtUp(timeoutMs)).to.equal(true);
  await Promise.all(talkers.map((talker) => talker.close()));
  const [one, other] = talkers;
  if (one === undefined || other === undefined) throw new Error('it takes two to talk');
  const sides = await Promise.all([one.actor.history(other.actor.name), other.actor.history(one.actor.name)]);
  for (const side of sides) {
    expect(side.filter(({ kind }) => kind === 'gap' || kind === 'unreadable')).to.deep.equal([]);
    for (const talker of talkers) expectSaid(side, talker);
  }
}

function expectSaid(side: readonly MessageView[], { actor, said, acknowledged }: Talker): void {
  const own = new Set(said);
  const shown = side.filter(({ from, text }) => from === actor.name && own.has(text)).map(({ text }) => text);
  const lost = said.filter((text) => acknowledged.has(text) && !shown.includes(text));
  expect(lost, `acknowledged and lost of ${actor.name}`).to.deep.equal([]);
  expect(shown, `texts of ${actor.name}`).to.deep.equal(said);
}
