/** Which file to start for a program's name: never one that a cloned folder contains. */
import { accessSync, constants, readlinkSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

export interface Places {
  readonly path: string;
  readonly notBelow: readonly string[];
}

export type FoundProgram = { readonly path: string } | { readonly missing: true } | { readonly refused: string };

/** A system follows about forty links. */
const mostPlaces = 100;

const endings = process.platform === 'win32' ? ['', '.exe', '.com'] : [''];

/**
 * @param program its absolute path, or its name, which is looked for in the PATH's absolute folders
 * @returns `refused` if it is below one of the folders, in `node_modules/.bin`, or found by a relative path
 */
export function findProgram(program: string, { path, notBelow }: Places): FoundProgram {
  if (isAbsolute(program)) {
    if (!isFile(program)) return { missing: true };
    return isRefused(program, notBelow) ? { refused: program } : { path: program };
  }
  if (/[/\\]/.test(program)) return { refused: program };
  let refused: string | undefined;
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    for (const ending of endings) {
      const file = join(folder, program + ending);
      if (!isExecutable(file)) continue;
      if (!isRefused(file, notBelow)) return { path: file };
      refused ??= file;
    }
  }
  return refused === undefined ? { missing: true } : { refused };
}

/** Without the refused folders, so that a script that is started runs nothing there, either. */
export function pathWithout(path: string, notBelow: readonly string[]): string {
  const folders = path.split(delimiter).filter(isAbsolute);
  return folders.filter((folder) => !isRefused(join(folder, 'any'), notBelow)).join(delimiter);
}

/** The working directory as a refused folder, unless it contains the user's home, as `/` does. */
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

function isRefused(file: string, notBelow: readonly string[]): boolean {
  return placesOf(file).some((each) => isOfPackage(each) || notBelow.some((folder) => isWithin(folder, each)));
}

/** A file's path and those it links to: the target of a link in node_modules/.bin is elsewhere. */
function placesOf(file: string): string[] {
  const places = [file];
  for (let at = file; places.length < mostPlaces;) {
    const place = join(realOf(dirname(at)), basename(at));
    places.push(place);
    try {
      at = resolve(dirname(place), readlinkSync(place));
    } catch {
      break;
    }
    places.push(at);
  }
  return places;
}

function isOfPackage(file: string): boolean {
  return /[/\\]node_modules[/\\]\.bin[/\\]/i.test(file);
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
