/** Text as a word of a POSIX shell, in commands that a person copies or that stand in a script. */

/** In single quotes, which keep everything; a single quote itself is put between two quoted parts. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Quoted only where it has to be, for commands that are read. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : shellQuoted(text);
}
