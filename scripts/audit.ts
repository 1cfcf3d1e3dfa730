/**
 * `npm run audit`: asks the registry for known vulnerabilities (`npm audit`) and tells those in what is bundled, which
 * reach the users, from those in what is for development alone; all stands under devDependencies, so npm itself cannot.
 * Ends with 0 where nothing bundled has one of moderate severity or worse, with 1 where something has, and with 2 where
 * the registry could not be asked: then nothing is known. An argument names another folder of bundles than dist/.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { bundledFile } from './bundled.ts';
import type { Bundled } from './bundled.ts';

const severities = ['info', 'low', 'moderate', 'high', 'critical'] as const;
/** From this on, what is bundled must not have one. */
const gravest: (typeof severities)[number] = 'moderate';

/** `npm audit --json`, its report version 2: what is needed of it. */
const reportSchema = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(
    z.string(),
    z.object({
      /** The advisories, and the names of vulnerable packages that it needs, which have entries of their own. */
      via: z.array(
        z.union([
          z.string(),
          z.object({
            name: z.string(),
            title: z.string(),
            url: z.string(),
            severity: z.enum(severities),
            range: z.string(),
          }),
        ]),
      ),
      /** Where it is installed in a version that is concerned. */
      nodes: z.array(z.string()),
    }),
  ),
});

/** One advisory about one package. */
export interface Finding {
  readonly name: string;
  readonly title: string;
  readonly url: string;
  readonly severity: (typeof severities)[number];
  readonly range: string;
  /** The folders in which the package is concerned. */
  readonly nodes: readonly string[];
}

/**
 * Reads `npm audit --json`.
 * @param text what it printed
 * @returns the advisories, gravest first, by whether they are about something bundled
 * @throws Error where it is no report, as where the registry could not be asked
 */
export function readAudit(
  text: string,
  bundled: Bundled,
): { readonly inBundles: Finding[]; readonly others: Finding[] } {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    throw new Error(`npm audit printed no JSON: ${text.slice(0, 200)}`);
  }
  const report = reportSchema.safeParse(said);
  if (!report.success) {
    const { message, error } = said as { message?: string; error?: { summary?: string } };
    throw new Error(
      [message, error?.summary].find((each) => each !== undefined && each !== '') ?? z.prettifyError(report.error),
    );
  }
  const findings = Object.values(report.data.vulnerabilities).flatMap(({ via, nodes }) =>
    via.filter((each) => typeof each !== 'string').map((advisory) => ({ ...advisory, nodes })),
  );
  findings.sort((a, b) => rank(b) - rank(a) || (a.name < b.name ? -1 : 1));
  const isBundled = ({ nodes }: Finding): boolean => nodes.some((node) => bundled[node] !== undefined);
  return { inBundles: findings.filter(isBundled), others: findings.filter((each) => !isBundled(each)) };
}

function rank({ severity }: Finding): number {
  return severities.indexOf(severity);
}

function line({ severity, name, range, title, url, nodes }: Finding): string {
  return `  ${severity.padEnd(8)} ${name} ${range}: ${title}\n           ${url}\n           ${nodes.join(', ')}`;
}

/** `npm audit` ends with 1 where it found something, too. */
function npmAudit(folder: string): Promise<string> {
  const windows = process.platform === 'win32';
  return new Promise((resolve, reject) => {
    const args = ['audit', '--json', '--package-lock-only'];
    const options = { cwd: folder, shell: windows, maxBuffer: 100_000_000 };
    execFile(windows ? 'npm.cmd' : 'npm', args, options, (error, stdout, stderr) => {
      if (stdout.trim() === '' && error !== null) reject(new Error(stderr.trim() || error.message));
      else resolve(stdout);
    });
  });
}

async function audit(): Promise<number> {
  const root = join(import.meta.dirname, '..');
  const built = process.argv[2] ?? join(root, 'dist');
  const bundled = JSON.parse(readFileSync(join(built, bundledFile), 'utf8')) as Bundled;
  let found: ReturnType<typeof readAudit>;
  try {
    found = readAudit(await npmAudit(root), bundled);
  } catch (error) {
    console.error(
      `The registry could not be asked for vulnerabilities, so nothing is known: ${(error as Error).message}`,
    );
    return 2;
  }
  const { inBundles, others } = found;
  console.log(`Bundled (${Object.keys(bundled).length} packages), ${inBundles.length} advisories:`);
  for (const each of inBundles) console.log(line(each));
  console.log(`For development alone, ${others.length} advisories:`);
  for (const each of others) console.log(line(each));
  const grave = inBundles.filter(({ severity }) => severities.indexOf(severity) >= severities.indexOf(gravest));
  if (grave.length === 0) return 0;
  console.error(
    `${grave.length} of ${gravest} severity or worse in what is bundled: update it, or override what it needs.`,
  );
  return 1;
}

if (import.meta.main) process.exitCode = await audit();
