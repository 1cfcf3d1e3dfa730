import { words, type Words } from '../../common/words.ts';
import { expressionOf, type TunnelProgram } from '../../protocol/tunnel-program.ts';

const mostErrors = 20;

const secretNames = /(?:TOKEN|SECRET|KEY|PASS|PASSWORD)$/i;
const shortestSecret = 8;

/** Log lines with a level for errors, such as those of cloudflared; ssh's debug lines don't match. */
const leveled = /(?:^|[\s[])(?:ERR|FTL|ERRO|ERROR|FATAL)\]?:?\s+(\S.*)/;
const debugLine = /^debug\d:/;
const sounding =
  /\b(?:host key for \S+ has changed|errors?|failed|failure|denied|refused|incorrect usage|invalid|unable to|could not|cannot|not found|unauthorized|expired|timed out|unknown flag)\b/i;

export class ProgramLog {
  readonly #errors: string[] = [];
  readonly #notSignedIn: RegExp | null;
  readonly #needsYou: RegExp | null;
  readonly #secrets: readonly string[];
  #isNotSignedIn = false;
  #waitsFor: string | null = null;

  constructor({ notSignedIn, needsYou }: Pick<TunnelProgram, 'notSignedIn' | 'needsYou'>, env: NodeJS.ProcessEnv) {
    this.#secrets = Object.entries(env)
      .filter(([name]) => secretNames.test(name))
      .map(([, value = '']) => value.trim())
      .filter((value) => value.length >= shortestSecret);
    this.#notSignedIn = notSignedIn === undefined ? null : expressionOf(notSignedIn);
    this.#needsYou = needsYou === undefined ? null : expressionOf(needsYou);
  }

  get isNotSignedIn(): boolean {
    return this.#isNotSignedIn;
  }

  get needsYou(): string | null {
    return this.#waitsFor;
  }

  get said(): string {
    return this.#errors.join(' ');
  }

  /** The longest: an error is often logged several times, in full and in pieces. */
  get lastError(): string | undefined {
    return [...this.#errors].sort((a, b) => b.length - a.length)[0];
  }

  take(printed: string): void {
    const line = this.#secrets.reduce((text, secret) => text.replaceAll(secret, '********'), printed);
    const isAboutSignIn = this.#notSignedIn?.test(line) === true;
    if (isAboutSignIn) this.#isNotSignedIn = true;
    if (this.#needsYou?.test(line) === true) this.#waitsFor ??= line;
    const error = errorIn(line) ?? (isAboutSignIn && !line.startsWith('{') ? line : null);
    if (error !== null && this.#errors.push(error) > mostErrors) this.#errors.shift();
  }
}

function errorIn(line: string): string | null {
  if (line.startsWith('{')) return errorInJson(line);
  if (debugLine.test(line)) return null;
  const leveledError = leveled.exec(line)?.[1];
  // cloudflared is given an empty configuration.
  if (leveledError !== undefined) return /^Configuration file \S+ was empty/.test(leveledError) ? null : leveledError;
  return sounding.test(line) ? line : null;
}

function errorInJson(line: string): string | null {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof entry !== 'object' || entry === null) return null;
  const { lvl, level = lvl, err, error = err, msg, message = msg } = entry as Readonly<Record<string, unknown>>;
  if (typeof level !== 'string' || !/^(?:err|eror|crit|fatal)/i.test(level)) return null;
  return [error, message].find((each): each is string => typeof each === 'string' && each !== '<nil>') ?? null;
}

/**
 * Masks the paths of URLs (cloudflared logs those of requests), their passwords, such as a proxy's, and tokens (ngrok
 * repeats a wrong one).
 */
export function withWords(how: Words, text: string | undefined): Words {
  if (text === undefined) return how;
  const line = text
    .replace(/(https?:\/\/[^\s/"']+)\/[^\s"']+/g, '$1/…')
    .replace(/(:\/\/)[^\s/@:"']*:[^\s/@"']+@/g, '$1********@')
    .replace(/(authtoken:\s*)\S+/gi, '$1********')
    .replace(/\s+/g, ' ')
    .trim();
  return words('{0} ({1})', how, line.length > 200 ? `${line.slice(0, 199)}…` : line);
}
