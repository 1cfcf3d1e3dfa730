/** The settings that the relay uses: a window knows from its start which changes concern the relay. */
import type { SettingName } from '../settings.ts';

/** taken-settings.ts maps each to the relay's own settings. */
export const takenSettings = [
  'destinations',
  'retryPolicy',
  'timeZone',
  'partSize',
  'mapping',
  'identity',
  'limits',
  'keepAliveMinutes',
  'tunnel.kind',
  'tunnel.url',
  'tunnel.host',
  'tunnel.subdomain',
  'tunnel.programs',
] as const satisfies readonly SettingName[];
export type TakenSetting = (typeof takenSettings)[number];
