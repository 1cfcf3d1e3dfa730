/** A public URL of the user's own, kept up by something else; nothing is opened, only watched. */
import type { TunnelConfig } from '../../protocol/settings.ts';
import type { TunnelProvider } from './provider.ts';

/** @param config the URL; its query and fragment mean nothing here */
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
