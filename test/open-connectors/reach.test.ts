import assert from 'node:assert/strict';
import { reachOf } from '../../src/open-connectors/reach.ts';

describe('where a host can be reached from', () => {
  const hosts = {
    loopback: [
      'localhost',
      'a.localhost',
      'localhost.',
      '127.0.0.1',
      '127.9.9.9',
      '0.0.0.0',
      '[::1]',
      '[::ffff:7f00:1]',
    ],
    private: [
      '0.1.2.3',
      '10.1.2.3',
      '[::ffff:10.0.0.1]',
      '172.16.0.1',
      '172.31.0.1',
      '192.168.0.1',
      '169.254.1.1',
      '100.64.0.1',
      '[fe80::1]',
      '[fd00::1]',
      'nas',
      'nas.local',
      'ci.internal',
    ],
    public: [
      'example.org',
      '172.32.0.1',
      '100.128.0.1',
      '8.8.8.8',
      '[2001:db8::1]',
      '[::ffff:808:808]',
      'fda.example.org',
      'local.example.org',
    ],
  } as const;
  for (const [reach, names] of Object.entries(hosts)) {
    it(`is told of ${reach} ones`, () => {
      for (const name of names) assert.equal(reachOf(new URL(`http://${name}/`).hostname), reach, name);
    });
  }
});
