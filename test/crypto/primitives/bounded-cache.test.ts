import { expect } from 'chai';
import { BoundedCache } from '../../../crypto/primitives/bounded-cache.ts';

describe('the bounded cache', () => {
  it('makes a value once and remembers it', () => {
    const cache = new BoundedCache<number>(2);
    let made = 0;
    const make = (): number => ++made;
    expect(cache.get('a', make)).to.equal(1);
    expect(cache.get('a', make)).to.equal(1);
    expect(cache.get('b', make)).to.equal(2);
  });

  it('forgets the entry that was not asked for longest, and never grows beyond its capacity', () => {
    const cache = new BoundedCache<string>(2);
    const made: string[] = [];
    const get = (key: string): void => {
      cache.get(key, () => {
        made.push(key);
        return key;
      });
    };
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) get(key);
    expect(made).to.deep.equal(['a', 'b', 'c', 'b']);
    expect(cache.size).to.equal(2);
  });

  it('keeps nothing when making the value fails', () => {
    const cache = new BoundedCache<number>(1);
    cache.get('kept', () => 1);
    expect(() =>
      cache.get('failed', () => {
        throw new RangeError('no');
      }),
    ).to.throw(RangeError);
    expect(cache.get('kept', () => 2)).to.equal(1);
  });
});
