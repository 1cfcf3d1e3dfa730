/**
 * The programs that specs need and a new machine lacks, brought once before they begin: `node test/tools.ts`. VS Code for
 * the browser and Chromium, and on Debian as root strace, which counts disk syncs, wrk, a load, and an SSH server and a
 * reverse proxy, to which tunnels lead.
 */
import { say } from './npm.ts';
import { findChromium, installDebianPackages, installVsCodeServer, onPath } from './vscode/install.ts';

/** Each program, and its package. */
const programs = { strace: 'strace', wrk: 'wrk', ssh: 'openssh-client', sshd: 'openssh-server', nginx: 'nginx-light' };
const lacking = Object.entries(programs)
  .filter(([name]) => onPath(name) === undefined)
  .map(([, name]) => name);
// Without them the specs say what they have not looked at.
if (lacking.length > 0) await installDebianPackages(lacking).catch((error: unknown) => say((error as Error).message));
await installVsCodeServer();
await findChromium();
