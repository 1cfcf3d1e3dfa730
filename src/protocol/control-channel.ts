/** Where a data directory's control channel is, and a proof of ownership, because named pipes have no owner check. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../common/parse-json.ts';
import { stageFile } from '../common/staged-file.ts';
import { channelFile } from './channel-file.ts';
import { adviceInTerminal } from './advice.ts';

export interface ControlChannel {
  readonly path: string;
  /** The folder of the Unix socket; null for a named pipe. */
  readonly folder: string | null;
  /** The usual folder isn't the user's, so this one is only for this socket and removed with it. */
  readonly ownFolder?: true;
  /** Both sides prove that they can read `tokenFile`. */
  readonly proofNeeded: boolean;
  readonly tokenFile: string;
}

export class UnsafeSocketFolderError extends Error {
  override readonly name = 'UnsafeSocketFolderError';
  readonly advice = 'own-socket-folder';
  readonly next = adviceInTerminal(this.advice);
  constructor(folder: string, why: string) {
    super(`the relay's socket folder, ${folder}, ${why}`);
  }
}

/** The path is short because systems limit it to about 100 bytes. @param dataDir must exist */
export function controlChannelOf(dataDir: string): ControlChannel {
  const real = realpathOrSelf(dataDir);
  const hash = createHash('sha256').update(real).digest('hex').slice(0, 16);
  const tokenFile = join(real, 'token');
  if (process.platform === 'win32') {
    return { path: `\\\\.\\pipe\\cm-relay-${hash}`, folder: null, proofNeeded: true, tokenFile };
  }
  const folder = join(socketBase(), `cm-relay-${process.getuid?.() ?? 0}`);
  return { path: join(folder, `${hash}.sock`), folder, proofNeeded: false, tokenFile };
}

export interface KeptChannel {
  readonly pid: number;
  /** It may differ from that of our environment. */
  readonly path: string;
  /** It was started for its clients, which may change its settings. */
  readonly forClients?: true | undefined;
}

const keptChannelSchema = z.looseObject({
  pid: z.int().min(1),
  path: z.string().min(1),
  forClients: z.literal(true).optional(),
});

function keptFile(dataDir: string): string {
  return join(dataDir, channelFile);
}

export function keepChannel(dataDir: string, { path }: ControlChannel, forClients: boolean): void {
  const kept: KeptChannel = { pid: process.pid, path, ...(forClients && { forClients }) };
  stageFile(keptFile(dataDir), JSON.stringify(kept)).put();
}

export function forgetChannel(dataDir: string): void {
  rmSync(keptFile(dataDir), { force: true });
}

/** Null if it can't be read. The relay may have died. */
export function keptChannelOf(dataDir: string): KeptChannel | null {
  try {
    return keptChannelSchema.safeParse(parseJson(readFileSync(keptFile(dataDir), 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

/**
 * Checks that a socket that a data directory names, and its folder, are ours and closed to others.
 * @throws UnsafeSocketFolderError; the system's error if it doesn't exist
 */
export function checkKeptSocket(path: string): void {
  if (process.platform === 'win32') return;
  const folder = dirname(path);
  checkFolder(folder);
  if (lstatSync(path).uid !== process.getuid?.()) {
    throw new UnsafeSocketFolderError(folder, 'contains a socket that belongs to another user');
  }
}

/** What follows the base: `/cm-relay-<uid>/<16 hex digits>.sock`, maximum in bytes. */
const longestRest = 42;
/** `sun_path` on macOS, the shortest, without its final zero, in bytes. */
const longestSocketPath = 103;

function socketBase(): string {
  const bases = [process.env['XDG_RUNTIME_DIR'] ?? '', tmpdir()];
  return (
    bases.find(
      (base) => isAbsolute(base) && Buffer.byteLength(base) + longestRest <= longestSocketPath && existsSync(base),
    ) ?? '/tmp'
  );
}

/** Creates it with 0700 if it is missing. @throws UnsafeSocketFolderError */
export function prepareFolder(channel: ControlChannel): void {
  if (channel.folder === null) return;
  try {
    mkdirSync(channel.folder, { mode: 0o700 });
    chmodSync(channel.folder, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  checkFolder(channel.folder);
}

/**
 * Opens the channel as a relay does: in a folder with an unpredictable name if the usual one isn't only the user's.
 * @returns the channel, and why it isn't the usual one
 */
export function prepareChannel(dataDir: string): { channel: ControlChannel; unsafe: UnsafeSocketFolderError | null } {
  const channel = controlChannelOf(dataDir);
  try {
    prepareFolder(channel);
    return { channel, unsafe: null };
  } catch (error) {
    if (!(error instanceof UnsafeSocketFolderError)) throw error;
    const folder = mkdtempSync(join(socketBase(), 'cm-relay-'));
    chmodSync(folder, 0o700);
    return {
      channel: { ...channel, folder, path: join(folder, basename(channel.path)), ownFolder: true },
      unsafe: error,
    };
  }
}

function realpathOrSelf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function checkFolder(folder: string): void {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isDirectory()) throw new UnsafeSocketFolderError(folder, 'is not a folder');
  if (stat.uid !== process.getuid?.()) throw new UnsafeSocketFolderError(folder, 'belongs to another user');
  if ((stat.mode & 0o077) !== 0) throw new UnsafeSocketFolderError(folder, 'is accessible to other users');
}

// The proof, if needed: each side sends 32 random bytes, then HMAC-SHA256(token, role + the other's bytes).
const challengeBytes = 32;

export function writeToken(channel: ControlChannel): void {
  rmSync(channel.tokenFile, { force: true });
  writeFileSync(channel.tokenFile, randomBytes(32), { flag: 'wx', mode: 0o600 });
}

/** Rejects if the other side can't read the token. */
export function proveToServer(socket: Socket, channel: ControlChannel): Promise<void> {
  return prove(socket, channel, 'client', 'server');
}

/** Rejects if the other side can't read the token. */
export function proveToClient(socket: Socket, channel: ControlChannel): Promise<void> {
  return prove(socket, channel, 'server', 'client');
}

const proofTimeoutMs = 5000;

async function prove(socket: Socket, channel: ControlChannel, role: string, otherRole: string): Promise<void> {
  const timer = setTimeout(() => socket.destroy(), proofTimeoutMs);
  try {
    const token = readFileSync(channel.tokenFile);
    const mac = (who: string, challenge: Buffer): Buffer =>
      createHmac('sha256', token).update(who).update(challenge).digest();
    const mine = randomBytes(challengeBytes);
    socket.write(mine);
    socket.write(mac(role, await readExactly(socket, challengeBytes)));
    if (!timingSafeEqual(await readExactly(socket, 32), mac(otherRole, mine))) {
      throw new Error('the other end of the pipe could not prove that it can read the data directory');
    }
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function readExactly(socket: Socket, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', onEnd);
    };
    const onEnd = (): void => {
      done();
      reject(new Error('the pipe closed before authentication'));
    };
    const onReadable = (): void => {
      const chunk = socket.read(length) as Buffer | null;
      if (chunk === null) return;
      if (chunk.length < length) {
        onEnd();
        return;
      }
      done();
      resolve(chunk);
    };
    socket.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onEnd);
    onReadable();
  });
}
