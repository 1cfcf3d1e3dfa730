import assert from 'node:assert/strict';
import { isPublicAddress, isSameAddress } from '../../../src/relay/tunnel/public-address.ts';

describe('an address', () => {
  for (const address of [
    ...[
      '1.1.1.1',
      '9.255.255.255',
      '11.0.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '126.1.1.1',
      '128.0.0.1',
      '172.15.0.1',
    ],
    ...['172.32.0.1', '192.167.255.255', '192.169.0.0', '223.255.255.255', '2606:4700:4700::1111', '2a00:1450::1'],
    ...['::ffff:1.1.1.1', '::ffff:101:101', '64:ff9b::1.1.1.1', '64:ff9b::101:101', '2606:4700:4700:0:0:0:0:1111'],
  ]) {
    it(`is of the internet: ${address}`, () => assert.equal(isPublicAddress(address), true));
  }

  for (const address of [
    ...[
      '127.0.0.1',
      '127.255.255.255',
      '0.0.0.0',
      '0.1.2.3',
      '10.0.0.1',
      '10.255.255.255',
      '100.64.0.1',
      '169.254.169.254',
    ],
    ...['172.16.0.1', '172.31.255.255', '192.0.0.8', '192.168.0.1', '198.18.0.1', '224.0.0.1', '240.0.0.1'],
    ...['255.255.255.255', '::', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:ffff:a00:1'],
    ...['::127.0.0.1', '::7f00:1', 'fc00::1', 'fd12:3456::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1'],
    ...['64:ff9b::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::1', '64:ff9b:1::1', '2002:7f00:1::', '2001::1', '100::1'],
    ...['localhost', 'example.org', '', '1.1.1', '127.1'],
  ]) {
    it(`is none of the internet: ${address}`, () => assert.equal(isPublicAddress(address), false));
  }

  it('is the same in each of its spellings', () => {
    assert.ok(isSameAddress('2606:4700::1', '2606:4700:0:0:0:0:0:1'));
    assert.ok(isSameAddress('::ffff:1.2.3.4', '1.2.3.4'));
    assert.ok(!isSameAddress('1.2.3.4', '1.2.3.5'));
  });
});
