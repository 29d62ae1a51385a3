import { expect } from 'chai';
import { MemoryDisk, openMemoryStore } from '../../../relay/store/memory.ts';
import type { MailboxEntry } from '../../../relay/store/store.ts';
import { storeConformance } from './conformance.ts';
import { deliveryTo, mailboxOf, newAccount } from './samples.ts';

/** Reads envelopes only when it is told to. */
class LateDisk extends MemoryDisk {
  readonly #go: (() => void)[] = [];

  override async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    await new Promise<void>((resolve) => this.#go.push(resolve));
    return super.getMany(keys);
  }

  goOn(): void {
    for (const resolve of this.#go.splice(0)) resolve();
  }
}

describe('a mailbox whose beginning expires while it is read', () => {
  it('gives what lies behind it', async () => {
    const disk = new LateDisk();
    const store = openMemoryStore(disk);
    await store.createAccount(newAccount('bob'));
    await store.appendMailbox(deliveryTo('bob', 'old', { stampHour: 1 }));
    await store.appendMailbox(deliveryTo('bob', 'new', { stampHour: 100 }));
    const range = { afterSequence: 0, maxMessages: 1, maxBytes: 1_000 };
    const reading = store.readMailbox(mailboxOf('bob'), range);
    expect(await store.expire({ nowHour: 100, mailboxHours: 10 })).to.equal(1);
    let entries: readonly MailboxEntry[] | undefined;
    const done = reading.then((read) => {
      entries = read;
    });
    for (let turn = 0; turn < 4; turn++) {
      disk.goOn();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(entries?.map(({ sequence }) => sequence)).to.deep.equal([2]);
    await done;
  });
});

storeConformance('memory', async () => {
  const disk = new MemoryDisk();
  return {
    store: openMemoryStore(disk),
    crash: async () => openMemoryStore(disk),
    dispose: async () => undefined,
  };
});
