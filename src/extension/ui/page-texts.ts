export const pageTexts = <Name extends string>(make: () => Readonly<Record<Name, string>>): typeof make => make;
