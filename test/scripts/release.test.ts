import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { linksWithin, publishedPage } from '../../scripts/extension-page.ts';
import { isPreRelease, publicAddress, publicRepository, releaseOf } from '../../scripts/release.ts';
import type { ReleasedManifest, ReleaseRequest } from '../../scripts/release.ts';
import { root } from './build.ts';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as ReleasedManifest;

/** The manifest as CONTRIBUTING.md has a fork set it. */
const forked = JSON.parse(JSON.stringify(manifest).replaceAll('/OWNER/', '/somebody/')) as ReleasedManifest;

function request(changes: Partial<ReleaseRequest> = {}): ReleaseRequest {
  return {
    tag: `v${manifest.version}`,
    changelog: `# Changelog\n\n## Unreleased\n\n## ${manifest.version} (2026-12-01)\n\n- The first.\n\n## 0.0.1\n\n- Older.\n`,
    repository: 'somebody/campaign-monitor-relay',
    confirmedPublisher: manifest.publisher,
    ...changes,
  };
}

function problemsOf(of: ReleasedManifest, changes: Partial<ReleaseRequest> = {}): string {
  const found = releaseOf(of, request(changes));
  assert.ok(!('notes' in found), JSON.stringify(found));
  return found.join('\n');
}

describe('A release', () => {
  it('is refused for the placeholder in package.json, and for that alone', () => {
    const problems = problemsOf(manifest);
    assert.match(problems, /^package\.json's repository is a placeholder \(\S*\/OWNER\/\S*\)\. Set it .*$/);
    assert.equal(publicRepository(manifest), null);
  });

  it('is made in a fork that has set its address and confirmed the publisher', () => {
    const notes = '- The first.';
    const { version } = manifest;
    const early = isPreRelease(version);
    assert.deepEqual(releaseOf(forked, request()), {
      ...{ version, isPreRelease: early, distTag: early ? 'next' : 'latest', notes },
    });
  });

  it('is refused for a tag, a changelog, a publisher or a repository that is another, each with what to do', () => {
    assert.match(problemsOf(forked, { tag: 'v9.9.9' }), /^The tag is v9\.9\.9, and .* Tag v\S+, or raise/);
    for (const changelog of ['', '## Unreleased\n\n- New.\n', `## ${manifest.version}\n\n## 0.0.1\n\n- Older.\n`]) {
      assert.match(problemsOf(forked, { changelog }), /^CHANGELOG\.md has nothing under "## \S+"\./);
    }
    for (const confirmedPublisher of [undefined, '', 'another']) {
      assert.match(problemsOf(forked, { confirmedPublisher }), /^Nobody has confirmed that the publisher /);
    }
    assert.match(problemsOf(forked, { repository: 'other/campaign-monitor-relay' }), /^package\.json's repository is /);
    assert.match(problemsOf({ ...forked, bugs: manifest.bugs }), /^package\.json's bugs\.url is .*OWNER/);
    assert.equal(problemsOf(manifest, { tag: 'v9.9.9', changelog: '', confirmedPublisher: '' }).split('\n').length, 4);
  });
});

describe('The pages of a release', () => {
  const address = publicAddress(forked);
  const page =
    '# A\n\n![A picture](docs/pictures/a.png)\n\nSee [this](docs/a.md#b), [that](https://a.example), [it](#a).\n';

  it('show pictures and lead to files as they were released', () => {
    const tag = `v${manifest.version}`;
    const own = 'somebody/campaign-monitor-relay';
    const expected = page
      .replace('](docs/pictures', `](https://raw.githubusercontent.com/${own}/${tag}/docs/pictures`)
      .replace('](docs/a', `](https://github.com/${own}/blob/${tag}/docs/a`);
    assert.equal(publishedPage(page, { address }), expected);
    assert.match(
      linksWithin('[a](../media/a.json) [b](b.md)', { address, folder: 'docs', there: ['docs/b.md'] }),
      /^\[a\]\(https:\S+\/media\/a\.json\) \[b\]\(b\.md\)$/,
    );
  });

  it('say how to install: the file, and from the registries once it is released', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const installs = (text: string): string[] => text.match(/^(?:code --install|npm install).*$/gm) ?? [];
    const [vsix, packed, ...others] = installs(publishedPage(readme, { address: null }));
    assert.match(`${vsix}\n${packed}`, /^code .*\.vsix +# from a VSIX.*\nnpm .*\.tgz +# from the packed file$/);
    assert.deepEqual(others, []);
    const { name, publisher } = manifest;
    assert.deepEqual(installs(publishedPage(readme, { address })), [
      `code --install-extension ${publisher}.${name}`,
      `npm install --global ${name}`,
    ]);
  });

  it('have every picture by https, every link from the web, and nothing that only a clone has', () => {
    const readme = publishedPage(readFileSync(join(root, 'README.md'), 'utf8'), { address });
    assert.doesNotMatch(readme, /<!--|-->|npm ci/);
    assert.match(readme, /!\[[^\]]*\]\(https:/);
    for (const [, target = ''] of readme.matchAll(/\]\(([^)]+)\)/g)) assert.match(target, /^https:\/\//);
  });
});
