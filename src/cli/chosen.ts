/**
 * Items with this ID or name; else those whose names contain the text; else the same for each comma-separated word.
 * @returns also the first word that selects none
 */
export function meantBy<T>(
  text: string,
  all: readonly T[],
  knownAs: (each: T) => { readonly id?: string; readonly name: string },
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
