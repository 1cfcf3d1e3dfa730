/**
 * The programs that specs need and a new machine lacks, brought once before they begin: `node test/tools.ts`. VS Code for
 * the browser and Chromium, and on Debian as root strace, which counts disk syncs, and wrk, a load.
 */
import { say } from './npm.ts';
import { findChromium, installDebianPackages, installVsCodeServer, onPath } from './vscode/install.ts';

const lacking = ['strace', 'wrk'].filter((name) => onPath(name) === undefined);
// Without them the specs say what they have not looked at.
if (lacking.length > 0) await installDebianPackages(lacking).catch((error: unknown) => say((error as Error).message));
await installVsCodeServer();
await findChromium();
