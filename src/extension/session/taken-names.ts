/** The settings that the relay takes: a window knows at its start which changes concern the relay. */
import type { SettingName } from '../settings.ts';

/** What each is among the relay's own is in taken-settings.ts. */
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
