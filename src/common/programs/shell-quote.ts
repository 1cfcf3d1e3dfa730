/** Text as a word of a POSIX shell, for commands that a person copies, and scripts. */

/** Always in single quotes. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Quoted only if necessary, for commands that a person reads. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : shellQuoted(text);
}
