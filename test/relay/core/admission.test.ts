import { expect } from 'chai';
import { DayCounters } from '../../../relay/core/day-counters.ts';
import { LoginBackoff } from '../../../relay/core/login-backoff.ts';
import { networkOf } from '../../../relay/core/map-keys.ts';
import { PairBudget } from '../../../relay/core/pair-budget.ts';
import { TokenBuckets } from '../../../relay/core/token-buckets.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { DAY_MS } from './rig.ts';

describe('token bucket', () => {
  it('gives its burst at once and then as much as flows in', () => {
    const buckets = new TokenBuckets(3, 10, 1_000);
    expect([1, 2, 3, 4].map(() => buckets.take('a', 1, 0))).to.deep.equal([0, 0, 0, 100]);
    expect(buckets.take('a', 1, 99)).to.equal(1);
    expect(buckets.take('a', 1, 100)).to.equal(0);
    expect(buckets.take('b', 3, 100)).to.equal(0);
  });

  it('never holds more than its burst, and refuses what is larger than that', () => {
    const buckets = new TokenBuckets(3, 10, 1_000);
    buckets.take('a', 1, 0);
    expect(buckets.take('a', 4, 1_000_000)).to.be.greaterThan(0);
    expect(buckets.take('a', 3, 1_000_000)).to.equal(0);
  });

  it('does not run backwards with the clock', () => {
    const buckets = new TokenBuckets(1, 1, 1_000);
    buckets.take('a', 1, 10_000);
    expect(buckets.take('a', 1, 5_000)).to.equal(1_000);
  });

  it('takes back what was not used, up to its burst', () => {
    const buckets = new TokenBuckets(2, 1, 1_000);
    buckets.take('a', 2, 0);
    buckets.giveBack('a', 5);
    buckets.giveBack('unknown', 5);
    expect([buckets.take('a', 2, 0), buckets.take('a', 1, 0) > 0]).to.deep.equal([0, true]);
  });

  it('forgets only what is full', () => {
    const buckets = new TokenBuckets(2, 1, 1_000);
    buckets.take('empty', 2, 0);
    buckets.sweep(1_000);
    expect(buckets.take('empty', 2, 1_000)).to.be.greaterThan(0);
    buckets.forget('empty');
    expect(buckets.take('empty', 2, 1_000)).to.equal(0);
  });
});

describe('day counter', () => {
  it('counts to its limit exactly and begins anew at midnight UTC', () => {
    const counters = new DayCounters(2);
    const nowMs = 5 * DAY_MS + 1_000;
    expect(counters.take('a', 2, nowMs)).to.equal(0);
    expect(counters.take('a', 1, nowMs)).to.equal(DAY_MS - 1_000);
    expect(counters.take('b', 3, nowMs)).to.be.greaterThan(0);
    expect(counters.take('a', 1, 6 * DAY_MS - 1)).to.equal(1);
    expect(counters.take('a', 1, 6 * DAY_MS)).to.equal(0);
  });

  it('takes back', () => {
    const counters = new DayCounters(1);
    counters.take('a', 1, 0);
    counters.giveBack('a', 1, 0);
    expect(counters.take('a', 1, 0)).to.equal(0);
  });
});

describe('login backoff', () => {
  it('doubles from one second to a quarter of an hour', () => {
    const backoff = new LoginBackoff(1);
    let nowMs = 0;
    const waits: number[] = [];
    while (waits.length < 14) {
      const waitMs = backoff.begin('a', nowMs);
      if (waitMs > 0) waits.push(waitMs);
      nowMs += waitMs;
    }
    expect(waits).to.deep.equal([
      1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 512_000, 900_000, 900_000,
      900_000, 900_000,
    ]);
  });

  it('forgets with a success, and with time', () => {
    const backoff = new LoginBackoff(0);
    backoff.begin('a', 0);
    expect(backoff.begin('a', 0)).to.equal(1_000);
    backoff.succeed('a');
    expect(backoff.begin('a', 0)).to.equal(0);
    backoff.sweep(1_000 + 3_600_000);
    expect(backoff.begin('a', 500)).to.be.greaterThan(0);
    backoff.sweep(1_000 + 3_600_001);
    expect(backoff.begin('a', 500)).to.equal(0);
  });

  it('counts a try that was never judged as none', () => {
    const backoff = new LoginBackoff(1);
    for (let i = 0; i < 5; i++) {
      expect(backoff.begin('a', 0)).to.equal(0);
      backoff.takeBack('a');
    }
    backoff.takeBack('unknown');
  });
});

describe('pair budget', () => {
  const [a, b] = [seededBytes('a', 16), seededBytes('b', 16)];
  const request = (from: Uint8Array, to: Uint8Array, id: string, bytes = 10) => ({
    from,
    to,
    envelopeId: seededBytes(id, 16),
    bytes,
  });

  it('has a direction', () => {
    const budget = new PairBudget({ requests: 1, bytes: 100 }, new SeededRandom('budget'));
    expect(budget.take(request(a, b, '1'), 0)).to.equal(0);
    expect(budget.take(request(a, b, '2'), 0)).to.equal(DAY_MS);
    expect(budget.take(request(b, a, '2'), 0)).to.equal(0);
  });

  it('draws a new key each day, so that no pair can be followed from one day to the next', () => {
    const random = new SeededRandom('budget');
    const budget = new PairBudget({ requests: 1, bytes: 100 }, random);
    budget.take(request(a, b, '1'), 0);
    budget.take(request(a, b, '1'), DAY_MS - 1);
    expect(random.drawn).to.have.length(1);
    expect(budget.take(request(a, b, '2'), DAY_MS)).to.equal(0);
    expect(random.drawn).to.have.length(2);
  });

  it('takes back only what was counted', () => {
    const budget = new PairBudget({ requests: 2, bytes: 20 }, new SeededRandom('budget'));
    budget.take(request(a, b, '1', 20), 0);
    budget.giveBack(request(a, b, 'never', 20), 0);
    expect(budget.take(request(a, b, '2', 1), 0)).to.be.greaterThan(0);
    budget.giveBack(request(a, b, '1', 20), 0);
    expect(budget.take(request(a, b, '2', 20), 0)).to.equal(0);
  });

  it('takes nothing back while the same request is under way a second time', () => {
    const budget = new PairBudget({ requests: 1, bytes: 100 }, new SeededRandom('budget'));
    budget.take(request(a, b, '1'), 0);
    budget.take(request(a, b, '1'), 0);
    budget.giveBack(request(a, b, '1'), 0);
    expect(budget.take(request(a, b, '2'), 0)).to.equal(DAY_MS);
    budget.giveBack(request(a, b, '1'), 0);
    expect(budget.take(request(a, b, '2'), 0)).to.equal(0);
  });

  it('counts what a repetition is larger than the first', () => {
    const budget = new PairBudget({ requests: 3, bytes: 100 }, new SeededRandom('budget'));
    budget.take(request(a, b, '1', 10), 0);
    expect(budget.take(request(a, b, '1', 50), 0)).to.equal(0);
    expect(budget.take(request(a, b, '1', 30), 0)).to.equal(0);
    expect(budget.take(request(a, b, '2', 51), 0)).to.equal(DAY_MS);
    expect(budget.take(request(a, b, '2', 50), 0)).to.equal(0);
    expect(budget.take(request(a, b, '1', 51), 0)).to.equal(DAY_MS);
  });

  it('lets the first request of a day be larger than the rest of the day together', () => {
    const budget = new PairBudget({ requests: 3, bytes: 100 }, new SeededRandom('budget'));
    expect(budget.take(request(a, b, '1', 1_000), 0)).to.equal(0);
    expect(budget.take(request(a, b, '1', 1_000), 0)).to.equal(0);
    expect(budget.take(request(a, b, '2', 1), 0)).to.equal(DAY_MS);
  });

  it('gives nothing of yesterday back to today', () => {
    const budget = new PairBudget({ requests: 1, bytes: 100 }, new SeededRandom('budget'));
    budget.take(request(a, b, '1'), DAY_MS - 1);
    budget.take(request(a, b, '2'), DAY_MS);
    budget.giveBack(request(a, b, '1'), DAY_MS - 1);
    expect(budget.take(request(a, b, '3'), DAY_MS)).to.equal(DAY_MS);
  });
});

describe('memory for limits', () => {
  it('has a bound: the oldest are forgotten first', () => {
    const buckets = new TokenBuckets(1, 1, 1_000_000_000, 50);
    const counters = new DayCounters(1, 50);
    const backoff = new LoginBackoff(0, 50);
    const pairs = new PairBudget({ requests: 1, bytes: 100 }, new SeededRandom('budget'), 50);
    const to = seededBytes('to', 16);
    let requests = 0;
    const use = (key: string) => [
      buckets.take(key, 1, 0) > 0,
      counters.take(key, 1, 0) > 0,
      backoff.begin(key, 0) > 0,
      pairs.take(
        { from: seededBytes(key, 16), to, envelopeId: seededBytes(`${requests++}`, 16), bytes: 1 },
        0,
      ) > 0,
    ];
    expect([use('first'), use('first')]).to.deep.equal([
      [false, false, false, false],
      [true, true, true, true],
    ]);
    for (let i = 0; i < 50; i++) use(`${i}`);
    expect(use('first')).to.deep.equal([false, false, false, false]);
    expect(use('49')).to.deep.equal([true, true, true, true]);
  });
});

describe('network of an address', () => {
  it('is the IPv4 address or the first half of the IPv6 one', () => {
    expect(networkOf('10.0.0.1')).to.equal('10.0.0.1');
    expect(networkOf('::ffff:10.0.0.1')).to.equal('10.0.0.1');
    expect(networkOf('2001:db8::1')).to.equal('2001:db8:0:0');
    expect(networkOf('2001:DB8:0:0:5:6:7:8')).to.equal('2001:db8:0:0');
    expect(networkOf('2001:db8:1:2::')).to.equal('2001:db8:1:2');
    expect(networkOf('::1')).to.equal('0:0:0:0');
    expect(networkOf('fe80::1%eth0')).to.equal('fe80:0:0:0');
  });
});
