/**
 * `npm run --silent release -- v0.2.0`: says whether a tag can be released, and how; the Release workflow asks it before
 * anything is built or published. Standard output has the lines for the next steps (`name=value`), `.cache/release-notes.md`
 * what CHANGELOG.md says of the version. Exits with 1, and every reason, where it cannot.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(import.meta.dirname, '..');

/** The members of package.json that releasing is about. */
export interface ReleasedManifest {
  readonly name: string;
  readonly version: string;
  readonly publisher: string;
  readonly repository: { readonly url: string };
  readonly bugs: { readonly url: string };
  readonly homepage: string;
  readonly qna: string;
}

/** What is released, and where it goes. */
export interface Release {
  readonly version: string;
  /** The Marketplace knows no versions such as `1.0.0-beta.1`: an odd minor version is its pre-release channel's. */
  readonly isPreRelease: boolean;
  /** The tag under which npm offers it. */
  readonly distTag: 'latest' | 'next';
  /** Markdown: what the changelog says of it. */
  readonly notes: string;
}

/** What is asked to be released, by whom. */
export interface ReleaseRequest {
  /** The git tag. */
  readonly tag: string;
  /** CHANGELOG.md. */
  readonly changelog: string;
  /** The repository that releases, such as `somebody/campaign-monitor-relay`; undefined outside the workflow. */
  readonly repository: string | undefined;
  /** The publisher that a person has confirmed to be theirs. */
  readonly confirmedPublisher: string | undefined;
}

/** The owner in package.json's addresses until somebody publishes this. */
const placeholder = 'OWNER';

/** Whether a version belongs to the pre-release channel: its minor part is odd. */
export function isPreRelease(version: string): boolean {
  return Number(version.split('.')[1]) % 2 === 1;
}

/** The repository's page, such as `https://github.com/somebody/campaign-monitor-relay`; null where it is the placeholder. */
export function publicRepository({ repository }: Pick<ReleasedManifest, 'repository'>): string | null {
  const page = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
  return page.includes(`/${placeholder}/`) ? null : page;
}

/** Where files of a released version are for everybody, without a last `/`. */
export interface PublicAddress {
  readonly files: string;
  readonly pictures: string;
}

/** Where the files of a version are; null where the repository is the placeholder. */
export function publicAddress(manifest: Pick<ReleasedManifest, 'repository' | 'version'>): PublicAddress | null {
  const page = publicRepository(manifest);
  if (page === null) return null;
  const { pathname } = new URL(page);
  const tag = `v${manifest.version}`;
  return { files: `${page}/blob/${tag}`, pictures: `https://raw.githubusercontent.com${pathname}/${tag}` };
}

/**
 * What a tag releases.
 * @returns the release, or why there is none: every reason, each with what to do
 */
export function releaseOf(manifest: ReleasedManifest, request: ReleaseRequest): Release | readonly string[] {
  const { version, publisher, repository, bugs, homepage, qna } = manifest;
  const notes = notesOf(request.changelog, version);
  const page = publicRepository(manifest);
  const pages = { 'bugs.url': bugs.url, homepage, qna };
  const strays = Object.entries(pages).filter(([, url]) => page !== null && !url.startsWith(page));
  const isOurs = request.repository === undefined || page === `https://github.com/${request.repository}`;
  const problems = [
    page === null
      ? `package.json's repository is a placeholder (${repository.url}). Set it as CONTRIBUTING.md says under "Once".`
      : '',
    page !== null && !isOurs
      ? `package.json's repository is ${page}, and ${request.repository} releases. Set the one that releases.`
      : '',
    ...strays.map(([name, url]) => `package.json's ${name} is ${url}, outside of ${page ?? ''}. Correct it.`),
    request.tag === `v${version}`
      ? ''
      : `The tag is ${request.tag}, and package.json's version ${version}. Tag v${version}, or raise the version first.`,
    notes === null ? `CHANGELOG.md has nothing under "## ${version}". Put what is new there.` : '',
    request.confirmedPublisher === publisher
      ? ''
      : `Nobody has confirmed that the publisher ${publisher} is theirs. Set the repository's variable CONFIRMED_PUBLISHER to it.`,
  ].filter((problem) => problem !== '');
  if (problems.length > 0 || notes === null) return problems;
  const early = isPreRelease(version);
  return { version, isPreRelease: early, distTag: early ? 'next' : 'latest', notes };
}

/** What stands below a version's heading, up to the next; null where there is nothing. */
function notesOf(changelog: string, version: string): string | null {
  const section = changelog.split(/^## /m).find((each) => /^\S*/.exec(each)?.[0] === version);
  const notes = section?.slice(section.indexOf('\n')).trim() ?? '';
  return section === undefined || !section.includes('\n') || notes === '' ? null : notes;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const release = releaseOf(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as ReleasedManifest, {
    tag: process.argv[2] ?? '',
    changelog: readFileSync(join(root, 'CHANGELOG.md'), 'utf8'),
    repository: process.env['GITHUB_REPOSITORY'],
    confirmedPublisher: process.env['CONFIRMED_PUBLISHER'],
  });
  if ('notes' in release) {
    mkdirSync(join(root, '.cache'), { recursive: true });
    writeFileSync(join(root, '.cache', 'release-notes.md'), `${release.notes}\n`);
    console.log(`pre-release=${release.isPreRelease}\ndist-tag=${release.distTag}`);
  } else {
    for (const problem of release) console.error(problem);
    process.exitCode = 1;
  }
}
