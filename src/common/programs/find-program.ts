/** Which file is started for a program's name: never one that a folder of somebody else's brings along. */
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join, relative, sep } from 'node:path';

/** Where to look, and where not. */
export interface Places {
  /** The PATH. */
  readonly path: string;
  /** Folders below which nothing is started: those of the workspace. */
  readonly notBelow: readonly string[];
}

/** A program's absolute path; or why there is none: it is not there, or only in a place from where nothing is started. */
export type FoundProgram = { readonly path: string } | { readonly missing: true } | { readonly refused: string };

const endings = process.platform === 'win32' ? ['', '.exe', '.com'] : [''];

/**
 * Finds a program.
 * @param program its absolute path, or its name, which is looked for in the PATH's absolute folders
 * @returns `refused`: where it was found, below one of the folders, in `node_modules/.bin`, or by a relative path
 */
export function findProgram(program: string, { path, notBelow }: Places): FoundProgram {
  const isRefused = (file: string): boolean =>
    [file, realOf(file)].some((each) => isOfPackage(each) || notBelow.some((folder) => isWithin(folder, each)));
  if (isAbsolute(program)) {
    if (!isFile(program)) return { missing: true };
    return isRefused(program) ? { refused: program } : { path: program };
  }
  if (/[/\\]/.test(program)) return { refused: program };
  let refused: string | undefined;
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    for (const ending of endings) {
      const file = join(folder, program + ending);
      if (!isExecutable(file)) continue;
      if (!isRefused(file)) return { path: file };
      refused ??= file;
    }
  }
  return refused === undefined ? { missing: true } : { refused };
}

/**
 * The working directory, as a folder below which nothing is started. Where it holds the user's home, as `/` does, that
 * would be everything, and nobody has cloned that.
 */
export function workingDirectory(): string[] {
  const folder = process.cwd();
  return isWithin(folder, homedir()) ? [] : [folder];
}

function isWithin(folder: string, file: string): boolean {
  return [folder, realOf(folder)].some((each) => {
    const way = relative(each, file);
    return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
  });
}

function isOfPackage(file: string): boolean {
  return /[/\\]node_modules[/\\]\.bin[/\\]/.test(file);
}

function realOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return isFile(file);
  } catch {
    return false;
  }
}
