/** The user's own public URL, kept open by another program: it is only checked. */
import type { TunnelConfig } from '../../protocol/settings.ts';
import type { TunnelProvider } from './provider.ts';

/** @param config query and fragment of the URL are ignored */
export function fixed(config: Extract<TunnelConfig, { kind: 'fixed' }>): TunnelProvider {
  const { origin, pathname } = new URL(config.url);
  const url = origin + pathname.replace(/\/+$/, '');
  return {
    name: url,
    open: () =>
      Promise.resolve({
        url,
        refusedUrl: null,
        isFreeAgain: () => Promise.resolve(false),
        toleranceMs: Infinity,
        renew: null,
        lost: new Promise<never>(() => undefined),
        close: () => Promise.resolve(),
      }),
  };
}
