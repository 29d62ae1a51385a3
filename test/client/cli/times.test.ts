import { expect } from 'chai';
import {
  dayOf,
  formatMoment,
  formatTime,
  isoTime,
  parseTime,
  requireTime,
} from '../../../client/cli/times.ts';
import { refusalOf } from '../../support/refusal.ts';

const MOMENT = Date.UTC(2026, 10, 22, 18, 30, 15, 250);
const short = { utc: true, short: true };
const long = { utc: true, short: false };

describe('times', () => {
  it('are short for eyes and ISO with the zone for scripts', () => {
    expect(formatTime(MOMENT, short)).to.equal('18:30');
    expect(formatTime(MOMENT, long)).to.equal('2026-11-22T18:30:15Z');
    expect(isoTime(MOMENT)).to.equal('2026-11-22T18:30:15.250Z');
    expect(dayOf(MOMENT, true)).to.equal('2026-11-22');
  });

  it('in local time name the zone, and mean the same moment', () => {
    const text = formatTime(MOMENT, { utc: false, short: false });
    expect(text).to.match(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[+-]\d{2}:\d{2}$/);
    expect(Date.parse(text)).to.equal(MOMENT - 250);
  });

  it('carry the day unless it is today', () => {
    expect(formatMoment(MOMENT, MOMENT + 1_000, short)).to.equal('18:30');
    expect(formatMoment(MOMENT, MOMENT + 86_400_000, short)).to.equal('2026-11-22 18:30');
    expect(formatMoment(MOMENT, MOMENT, long)).to.equal('2026-11-22T18:30:15Z');
  });

  it('are read as a day, a minute or a second, with a zone or without', () => {
    expect(parseTime('2026-11-22', true)).to.equal(Date.UTC(2026, 10, 22));
    expect(parseTime('2026-11-22T18:30', true)).to.equal(Date.UTC(2026, 10, 22, 18, 30));
    expect(parseTime('2026-11-22 18:30:15', true)).to.equal(Date.UTC(2026, 10, 22, 18, 30, 15));
    expect(parseTime('2026-11-22T18:30:15.250Z', false)).to.equal(MOMENT);
    expect(parseTime('2026-11-22T19:30+01:00', false)).to.equal(Date.UTC(2026, 10, 22, 18, 30));
    expect(parseTime(formatTime(MOMENT, long), false)).to.equal(MOMENT - 250);
  });

  for (const text of ['', 'yesterday', '2026-13-01', '2026-11-22T25:00', '22.11.2026', '0f8fad5b', '1795']) {
    it(`do not take ${JSON.stringify(text)} for a time`, () => {
      expect(parseTime(text, true)).to.equal(undefined);
      expect(refusalOf(() => requireTime(text, '--since', true))).to.equal('usage');
    });
  }

  it('show whatever a peer claims', () => {
    for (const claimed of [-1, 0, Number.MAX_SAFE_INTEGER, Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const utc of [true, false]) {
        expect(formatTime(claimed, { utc, short: true })).to.match(/^\d{2}:\d{2}$/);
        expect(formatTime(claimed, { utc, short: false })).to.include(':');
      }
      expect(isoTime(claimed)).to.include('Z');
    }
  });
});
