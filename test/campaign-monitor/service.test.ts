import assert from 'node:assert/strict';
import { campaignMonitorHost, serviceAt } from '../../src/campaign-monitor/service.ts';

const vendor = { apiBase: 'https://api.createsend.com/api/v3.3', oauthBase: 'https://api.createsend.com/oauth' };

describe('serviceAt', () => {
  it('takes a host, a URL, and the base of the API', () => {
    for (const host of [
      campaignMonitorHost,
      'api.createsend.com',
      'https://api.createsend.com/',
      'https://api.createsend.com/api/v3.3',
      'https://API.createsend.com/api/v3.2/',
    ]) {
      assert.deepEqual(serviceAt(host), vendor, host);
    }
  });

  it('takes plain http on this machine alone, where no credential leaves it', () => {
    assert.equal(serviceAt('http://127.0.0.1:4000')?.apiBase, 'http://127.0.0.1:4000/api/v3.3');
    assert.equal(serviceAt('http://localhost:4000/api/v3.3')?.oauthBase, 'http://localhost:4000/oauth');
    for (const host of ['localhost.', 'cm.localhost', '127.0.0.2', '[::1]', '[::ffff:7f00:1]', '0.0.0.0']) {
      assert.equal(serviceAt(`http://${host}:4000`)?.apiBase, `http://${host}:4000/api/v3.3`, host);
    }
    for (const host of ['0.1.2.3', '10.0.0.1', '[::2]']) assert.equal(serviceAt(`http://${host}`), null, host);
    assert.equal(serviceAt('http://api.createsend.com'), null);
    assert.equal(serviceAt('http://127.0.0.1.example.org'), null);
  });

  it('refuses anything else', () => {
    for (const host of [
      '',
      'a b',
      'ftp://api.createsend.com',
      'https://u:p@api.createsend.com',
      'https://a.example/x?y',
      'https://a.example/other',
    ])
      assert.equal(serviceAt(host), null, host);
  });
});
