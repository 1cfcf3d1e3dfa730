/** The page fills in the placeholders. */
export function pageTexts<Name extends string>(
  make: () => Readonly<Record<Name, string>>,
): () => Readonly<Record<Name, string>> {
  return () => make();
}
