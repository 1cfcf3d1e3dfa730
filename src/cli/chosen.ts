/** Which checks or scenarios --only and --except mean. */

/** How one is known: by its id, where it has one, and by its name. */
interface Known {
  readonly id?: string;
  readonly name: string;
}

/**
 * Those that a text means: of what has ids, the one with this id or name; else those whose names hold it; else each of
 * the words between its commas in the same way.
 * @returns also the first word that means none
 */
export function meantBy<T>(
  text: string,
  all: readonly T[],
  knownAs: (each: T) => Known,
): { readonly meant: readonly T[]; readonly unknown: string | undefined } {
  const named = (word: string): readonly T[] => {
    if (word === '') return [];
    const exactly = all.filter((each) => {
      const { id, name } = knownAs(each);
      return id !== undefined && [id, name].includes(word);
    });
    return exactly.length > 0 ? exactly : all.filter((each) => knownAs(each).name.includes(word));
  };
  const whole = named(text);
  if (whole.length > 0) return { meant: whole, unknown: undefined };
  const words = text.split(',').map((word) => word.trim());
  return { meant: words.flatMap(named), unknown: words.find((word) => named(word).length === 0) };
}
