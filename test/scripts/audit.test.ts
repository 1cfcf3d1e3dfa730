import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterward, temporaryFolder } from '../relay/afterward.ts';
import { build, root } from './build.ts';

interface Advisory {
  readonly id: number;
  readonly url: string;
  readonly title: string;
  readonly severity: string;
  readonly vulnerable_versions: string;
}

function advisory(id: number, severity: string, title: string): Advisory {
  return { id, title, severity, url: `https://example.org/advisories/${id}`, vulnerable_versions: '<999.0.0' };
}

/** A registry that npm itself asks; it knows nothing but these advisories. */
async function registryWith(advisories: Readonly<Record<string, readonly Advisory[]>>): Promise<string> {
  const server = createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      if (request.url !== '/-/npm/v1/security/advisories/bulk') {
        response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
        return;
      }
      const sent = Buffer.concat(chunks);
      const asked = JSON.parse(
        (request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent).toString(),
      ) as object;
      const known = Object.entries(advisories).filter(([name]) => name in asked);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(Object.fromEntries(known)));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  afterward(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Runs the script with the real npm. */
function audit(registry: string): Promise<{ code: number; out: string; err: string }> {
  const env = {
    ...process.env,
    npm_config_registry: registry,
    npm_config_fetch_retries: '0',
    npm_config_cache: temporaryFolder(),
    npm_config_noproxy: '127.0.0.1',
  };
  return new Promise((resolve) => {
    execFile(process.execPath, ['scripts/audit.ts', build().folder], { cwd: root, env }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

describe('The audit', function () {
  this.timeout(180_000);
  before(() => void build());

  it('finds nothing where the registry knows nothing', async () => {
    const { code, out } = await audit(await registryWith({}));
    assert.equal(code, 0);
    assert.match(out, /^Bundled \(\d\d packages\), 0 advisories:\nFor development alone, 0 advisories:\n$/);
  });

  it('fails for what is bundled, though it stands under devDependencies, and lists the rest', async () => {
    const { code, out, err } = await audit(
      await registryWith({
        qs: [advisory(1, 'moderate', 'of express')],
        zod: [advisory(2, 'low', 'a small one')],
        mocha: [advisory(3, 'critical', 'in the tests')],
      }),
    );
    assert.equal(code, 1);
    const [bundled = '', others = ''] = out.split('For development alone, 1 advisories:');
    assert.match(
      bundled,
      /2 advisories:\n {2}moderate qs <999\.0\.0: of express\n.+\/1\n.+node_modules\/qs\n {2}low {6}zod/,
    );
    assert.match(others, /critical mocha <999\.0\.0: in the tests/);
    assert.match(err, /^1 of moderate severity or worse in what is bundled/);
  });

  it('says that nothing is known where the registry does not answer, and ends with another code', async () => {
    const registry = await registryWith({});
    for (const url of [`${registry}nowhere/`, 'http://127.0.0.1:9/']) {
      const { code, out, err } = await audit(url);
      assert.equal(code, 2, out);
      assert.equal(out, '');
      assert.match(err, /^The registry could not be asked for vulnerabilities, so nothing is known: ./);
    }
  });

  it('runs in CI, and in no test that works without a network', () => {
    const workflow = readFileSync(join(root, '.github', 'workflows', 'ci.yml'), 'utf8');
    assert.match(workflow, /- run: npm run audit\n/);
    assert.doesNotMatch(readFileSync(join(root, 'scripts', 'test.ts'), 'utf8'), /audit/);
  });
});
