/** The header `Authorization: User <secret>, Organization <secret>[, Element <instance token>]` [docs]. */

export interface PlatformAuthorization {
  readonly user: string | null;
  readonly organization: string | null;
  readonly element: string | null;
}

/** Reads the header. Secrets are base64-like, so commas separate them and `=` doesn't. Missing ones are null. */
export function readAuthorization(header: string | undefined): PlatformAuthorization {
  const parts = new Map<string, string>();
  for (const part of (header ?? '').split(',')) {
    const [, name, secret] = /^\s*(User|Organization|Element)\s+(\S+)\s*$/i.exec(part) ?? [];
    if (name !== undefined && secret !== undefined) parts.set(name.toLowerCase(), secret);
  }
  const given = (name: string): string | null => parts.get(name) ?? null;
  return { user: given('user'), organization: given('organization'), element: given('element') };
}
