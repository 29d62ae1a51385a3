import { expect } from 'chai';
import { fromHex, toHex } from '../../../crypto/bytes.ts';
import { accountName, makeAddress, parseServiceId } from '../../../crypto/keys/address.ts';
import { refusalOf } from '../../support/refusal.ts';

const UUID = 'f0103c2c-6dcd-41a5-a03b-00d0b565324d';
const HEX = 'f0103c2c6dcd41a5a03b00d0b565324d';

describe('an address', () => {
  it('has a device from 1 to 127', () => {
    expect(makeAddress('bob', 1)).to.deep.equal({ name: 'bob', deviceId: 1 });
    expect(makeAddress('bob', 127).deviceId).to.equal(127);
    for (const deviceId of [0, 128, -1, 1.5, Number.NaN]) {
      expect(refusalOf(() => makeAddress('bob', deviceId))).to.equal('invalid-address');
    }
  });
});

describe('a service id', () => {
  const encoded = (name: string): string | undefined => {
    const serviceId = parseServiceId(name);
    return serviceId === undefined ? undefined : toHex(serviceId);
  };

  it('of an account is a 0 and the UUID, in whatever case it is written', () => {
    expect(encoded(UUID)).to.equal(`00${HEX}`);
    expect(encoded(UUID.toUpperCase())).to.equal(`00${HEX}`);
    expect(encoded(UUID)).to.equal(`00${HEX}`);
  });

  it('of a phone number is a 1 and the UUID', () => {
    expect(encoded(`PNI:${UUID}`)).to.equal(`01${HEX}`);
  });

  it('is not made of any other name', () => {
    const names = ['', 'bob', HEX, `{${UUID}}`, `pni:${UUID}`, `ACI:${UUID}`, `PNI:PNI:${UUID}`, `${UUID} `];
    for (const name of [...names, UUID.replace('f', 'g'), UUID.slice(1), `urn:uuid:${UUID}`, `${UUID}\n`]) {
      expect(parseServiceId(name), name).to.equal(undefined);
    }
  });

  it('stays right when very many names have been asked for', () => {
    for (let i = 0; i < 3000; i++) parseServiceId(`name ${i}`);
    expect(encoded(UUID)).to.equal(`00${HEX}`);
  });
});

describe('the name of an account', () => {
  it('is its id as a UUID, which is a service id again', () => {
    expect(accountName(fromHex(HEX))).to.equal(UUID);
    expect(toHex(parseServiceId(accountName(fromHex(HEX))) ?? new Uint8Array())).to.equal(`00${HEX}`);
  });

  it('is made of 16 bytes only', () => {
    for (const length of [0, 15, 17]) {
      expect(refusalOf(() => accountName(new Uint8Array(length)))).to.equal('bad-length');
    }
  });
});
