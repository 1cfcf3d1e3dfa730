import { say } from '../../common/say.ts';
import type { Target } from '../../check/target.ts';
import type { Destination } from '../../protocol/settings.ts';
import { askForConsent } from '../consents/consent-questions.ts';
import { whyHeld } from '../consents/credential-consent.ts';
import type { DestinationSetting } from '../settings.ts';
import type { SecretBox, SecretName } from '../secrets/secrets.ts';
import type { Session } from '../session/session.ts';
import { CommandError } from '../ui/command-error.ts';
import { inMessage } from '../ui/printable.ts';

export interface TargetParts {
  readonly session: Pick<Session, 'consents' | 'applyConsents'>;
  readonly secrets: SecretBox;
}

/** Asks for consent if needed. Masks further secrets, too. @returns undefined if postponed @throws CommandError */
export async function targetOf(
  setting: DestinationSetting,
  { session, secrets }: TargetParts,
  further: readonly string[] = [],
): Promise<Target | undefined> {
  const { destinationSchema, targetTo } = await import('./engine.ts');
  const destination = destinationSchema.parse(setting);
  if (destination.mode === 'raw') {
    throw new CommandError(
      say(
        'This destination receives raw deliveries, but checks and scenarios need a destination that receives notifications',
      ),
      say('Use another destination, or change this destination to receive notifications.'),
      { title: say('Open Setting'), command: 'openDestinations' },
    );
  }
  const used = namedSecrets(destination);
  const missing = used.find(({ kind, name }) => !secrets.names(kind).includes(name));
  if (missing !== undefined) {
    const name = inMessage(missing.name, 100);
    throw new CommandError(
      missing.kind === 'credentials'
        ? say('The destination’s credentials “{0}” aren’t stored', name)
        : say('The destination’s signature key “{0}” isn’t stored', name),
      say('Add the key or credentials, and then try again.'),
      { title: say('Manage Keys and Secrets'), command: 'manageSecrets', args: [missing.kind] },
    );
  }
  if (!(await isAllowed(destination, session))) return undefined;
  const { signatureKeys = {}, credentials = {} } = await secrets.values(used);
  const { credentialsName = '', signatureKeyName = '' } = destination;
  return targetTo(destination, {
    credentials: credentials[credentialsName] ?? {},
    signatureKey: signatureKeys[signatureKeyName],
    further,
  });
}

function namedSecrets({ credentialsName, signatureKeyName }: Destination): SecretName[] {
  return [
    ...(credentialsName === undefined ? [] : [{ kind: 'credentials' as const, name: credentialsName }]),
    ...(signatureKeyName === undefined ? [] : [{ kind: 'signatureKeys' as const, name: signatureKeyName }]),
  ];
}

/** @returns false if the user postponed the decision. @throws CommandError if the user refused */
async function isAllowed(destination: Destination, session: TargetParts['session']): Promise<boolean> {
  const { consents } = session;
  const uses = consents.stored(destination);
  const open = uses.filter((use) => consents.of(use) === undefined);
  if (open.length > 0) {
    const consent = await askForConsent({ url: destination.url, uses: open });
    if (consent === undefined) return false;
    await consents.record(open, consent);
    void session.applyConsents();
  }
  const refused = uses.filter((use) => consents.of(use) !== 'allowed');
  if (refused.length === 0) return true;
  throw new CommandError(
    whyHeld(refused),
    say('Allow the destination in Manage Keys and Secrets, and then try again.'),
    {
      title: say('Manage Keys and Secrets'),
      command: 'manageSecrets',
      args: ['consents'],
    },
  );
}
