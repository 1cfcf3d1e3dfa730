/**
 * The keys of SSH servers that the user has confirmed: a `known_hosts` file of the relay's own (sshd(8), "SSH_KNOWN_HOSTS
 * FILE FORMAT", https://man.openbsd.org/sshd), which ssh is held to. No key is shipped with this tool or trusted unasked.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { findProgram } from '../../common/programs/find-program.ts';
import { runBounded } from '../../common/programs/bounded-output.ts';
import { stageFile } from '../../common/staged-file.ts';
import { tunnelWords } from '../../protocol/tunnel-words.ts';
import { TunnelError } from './provider.ts';

/** The file of a data directory. */
export function knownHostsFile(dataDir: string): string {
  return join(dataDir, 'known_hosts');
}

/** How long a server may take to tell its key, in seconds. */
const scanSeconds = 10;
const mostCharacters = 65_536;
/** More is no file of this tool's. */
const mostFileBytes = 1_048_576;

/** The best first: the one that is asked about where a server has several. */
const keyTypes = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'ssh-rsa'];

export interface KnownHostsOptions {
  /** The file; it and its folder need not exist. */
  readonly file: string;
  /** The absolute path of ssh, beside which ssh-keyscan is, or else in the PATH. */
  readonly ssh: string;
  readonly env: NodeJS.ProcessEnv;
  /** Folders below which nothing is started. */
  readonly notBelow: readonly string[];
  /** As ssh is given it: `ssh://[user@]host[:port]`, the host as well by a name of the user's ssh_config. */
  readonly server: string;
  /** The fingerprints that the user has confirmed. */
  readonly confirmed: readonly string[];
  readonly signal: AbortSignal;
}

/** Where a server is, and the name by which ssh looks for its key in a file. */
interface Host {
  readonly name: string;
  readonly port: string;
  readonly known: string;
}

/** A server's key. */
interface HostKey {
  readonly type: string;
  /** In base64. */
  readonly blob: string;
  readonly fingerprint: string;
}

/** What is known of one server's key. */
export class KnownHosts {
  readonly #options: KnownHostsOptions;

  constructor(options: KnownHostsOptions) {
    this.#options = options;
  }

  /**
   * Makes sure that the server's key is confirmed. What was confirmed once is in the file, and ssh compares it.
   * @throws TunnelError with the fingerprint, where it is not
   */
  async confirm(): Promise<void> {
    const host = await this.#host();
    if (this.#lines().some((line) => line.startsWith(`${host.known} `))) return;
    await this.#take(host, 'key-unknown');
  }

  /**
   * What to do where ssh has found another key than that in the file: where the user has confirmed the new one, it is
   * kept, and the next try succeeds.
   * @throws TunnelError with the fingerprint, where it is not
   */
  async renew(): Promise<void> {
    await this.#take(await this.#host(), 'key-changed');
  }

  async #take(host: Host, code: 'key-unknown' | 'key-changed'): Promise<void> {
    const { confirmed } = this.#options;
    const server = this.#name;
    const keys = await this.#scan(host);
    const known = keys.filter(({ fingerprint }) => confirmed.includes(fingerprint));
    const [asked] = keys;
    if (known.length === 0) {
      const fingerprint = asked?.fingerprint ?? '';
      throw new TunnelError(tunnelWords(code, server, fingerprint), tunnelWords('confirm-key', fingerprint), {
        final: true,
      });
    }
    const others = this.#lines().filter((line) => !line.startsWith(`${host.known} `));
    const text = [...others, ...known.map(({ type, blob }) => `${host.known} ${type} ${blob}`)].join('\n');
    const { file } = this.#options;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    stageFile(file, `${text}\n`).put();
  }

  /** As a person knows it. */
  get #name(): string {
    return this.#options.server.replace(/^ssh:\/\/(?:[^@]*@)?/, '');
  }

  #lines(): string[] {
    const { file } = this.#options;
    if (!existsSync(file)) return [];
    const bytes = readFileSync(file);
    return bytes.length > mostFileBytes
      ? []
      : bytes
          .toString()
          .split(/\r?\n/)
          .filter((line) => line !== '');
  }

  /**
   * What the user's ssh_config makes of the server's name. Its key has the name that HostKeyAlias says, else that of the
   * host, with the port unless that is 22.
   */
  async #host(): Promise<Host> {
    const { ssh, env, server, signal } = this.#options;
    const { output } = await runBounded([ssh, '-G', server], env, {
      ms: scanSeconds * 1000,
      characters: mostCharacters,
      signal,
    });
    const valueOf = (name: string): string | undefined => new RegExp(`^${name} (\\S+)$`, 'm').exec(output)?.[1];
    const name = (valueOf('hostname') ?? this.#name.replace(/:\d+$/, '')).toLowerCase();
    const port = valueOf('port') ?? /:(\d+)$/.exec(server)?.[1] ?? '22';
    const known = valueOf('hostkeyalias')?.toLowerCase() ?? (port === '22' ? name : `[${name}]:${port}`);
    return { name, port, known };
  }

  /** The keys that the server tells, the best first. @throws TunnelError where it tells none */
  async #scan({ name, port }: Host): Promise<HostKey[]> {
    const { ssh, env, notBelow, signal } = this.#options;
    const program = 'ssh-keyscan';
    const found = findProgram(program, { path: [dirname(ssh), env['PATH']].join(delimiter), notBelow });
    if (!('path' in found)) {
      throw new TunnelError(
        tunnelWords('program-missing', program, program),
        tunnelWords('install-program', program, 'https://www.openssh.com/portable.html'),
        { final: true },
      );
    }
    const { output } = await runBounded(
      [found.path, '-T', String(scanSeconds), '-p', port, '-t', 'ed25519,ecdsa,rsa', name],
      env,
      { ms: (scanSeconds + 5) * 1000, characters: mostCharacters, signal },
    );
    const keys = output
      .split('\n')
      .map((line) => /^(\S+) (\S+) ([A-Za-z0-9+/=]+)$/.exec(line))
      .filter((match) => match !== null && keyTypes.includes(match[2] ?? ''))
      .map((match) => keyOf(match?.[2] ?? '', match?.[3] ?? ''))
      .sort((a, b) => keyTypes.indexOf(a.type) - keyTypes.indexOf(b.type));
    if (keys.length === 0) {
      throw new TunnelError(tunnelWords('key-unread', this.#name, lastLineOf(output)), tunnelWords('check-internet'));
    }
    return keys;
  }
}

function lastLineOf(output: string): string {
  const line = output.trim().split('\n').at(-1) ?? '';
  return line === '' ? 'no answer' : line.slice(0, 200);
}

/** As `ssh-keygen -l` tells it: SHA-256 of the key, in base64 without padding. */
function keyOf(type: string, blob: string): HostKey {
  const hash = createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64');
  return { type, blob, fingerprint: `SHA256:${hash.replace(/=+$/, '')}` };
}
