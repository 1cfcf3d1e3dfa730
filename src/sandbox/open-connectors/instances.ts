import { z } from 'zod';
import { elementKey } from '../../open-connectors/notification.ts';
import { configurationSchema, eventSettings, type Configuration } from './configuration.ts';
import type { Deliveries } from './deliveries.ts';
import { platformErrors } from './platform-error.ts';
import type { PlatformInstance, PlatformState } from './state.ts';
import type { VendorLink } from './vendor-link.ts';

const providerDataSchema = z.looseObject({ code: z.string().nullish() }).nullish();

const createSchema = z.looseObject({
  element: z.looseObject({ key: z.string() }),
  providerData: providerDataSchema,
  configuration: configurationSchema.default({}),
  tags: z.array(z.string()).nullish(),
  name: z.string().trim().min(1, 'name is required'),
});

const changeSchema = z.looseObject({
  providerData: providerDataSchema,
  configuration: configurationSchema.optional(),
  tags: z.array(z.string()).nullish(),
  name: z.string().trim().min(1).optional(),
});

export class Instances {
  readonly #state: PlatformState;
  readonly #link: VendorLink;
  readonly #deliveries: Pick<Deliveries, 'forgetInstance'>;
  readonly #origin: () => string;

  constructor(
    state: PlatformState,
    link: VendorLink,
    deliveries: Pick<Deliveries, 'forgetInstance'>,
    origin: () => string,
  ) {
    this.#state = state;
    this.#link = link;
    this.#deliveries = deliveries;
    this.#origin = origin;
  }

  find(id: string): PlatformInstance {
    const instance = this.#state.instances.get(Number(id));
    if (instance === undefined) throw platformErrors.noInstance(id);
    return instance;
  }

  search(wanted: { searchText: string | undefined; tags: readonly string[] }): PlatformInstance[] {
    const text = wanted.searchText?.toLowerCase() ?? '';
    return [...this.#state.instances.values()].filter(
      ({ name, tags }) =>
        wanted.tags.every((tag) => tags.includes(tag)) &&
        [name, ...tags].some((value) => value.toLowerCase().includes(text)),
    );
  }

  create(body: unknown): PlatformInstance {
    const given = read(createSchema, body);
    if (given.element.key !== elementKey) throw platformErrors.noElement(given.element.key);
    const { configuration } = given;
    const events = eventSettings(configuration);
    const access = this.#link.authenticate(configuration, given.providerData?.code ?? '');
    this.#link.checkLists(access, events.enabled ? events.listIds : []);
    const instance: PlatformInstance = {
      ...this.#state.newIdentity(),
      name: given.name,
      tags: given.tags ?? [],
      configuration,
      events,
      createdDate: `${new Date().toISOString().slice(0, -5)}Z`,
      disabled: false,
      access,
      webhooks: new Map(),
      log: [],
    };
    this.#state.add(instance);
    this.#keepWebhooks(instance);
    return instance;
  }

  /** Replaces everything; a masked value becomes the value. @throws PlatformError */
  replace(instance: PlatformInstance, body: unknown, reAuthenticate: boolean): void {
    const given = read(changeSchema.required({ name: true, configuration: true }), body);
    this.#apply(instance, given.configuration, given, reAuthenticate);
  }

  /** Changes only given properties and keys of the configuration [live]. @throws PlatformError */
  change(instance: PlatformInstance, body: unknown, reAuthenticate: boolean): void {
    const given = read(changeSchema, body);
    this.#apply(instance, { ...instance.configuration, ...given.configuration }, given, reAuthenticate);
  }

  setDisabled(instance: PlatformInstance, disabled: boolean): void {
    instance.disabled = disabled;
    this.#keepWebhooks(instance);
  }

  remove(instance: PlatformInstance): void {
    this.#state.remove(instance);
    this.#deliveries.forgetInstance(instance);
    this.#keepWebhooks(instance);
  }

  /** All or nothing: after an error, the instance is unchanged. */
  #apply(
    instance: PlatformInstance,
    configuration: Configuration,
    { name, tags, providerData }: z.output<typeof changeSchema>,
    reAuthenticate: boolean,
  ): void {
    const events = eventSettings(configuration);
    const access = reAuthenticate ? this.#link.authenticate(configuration, providerData?.code ?? '') : instance.access;
    this.#link.checkLists(access, events.enabled ? events.listIds : []);
    instance.configuration = configuration;
    instance.events = events;
    instance.access = access;
    instance.name = name ?? instance.name;
    instance.tags = tags ?? instance.tags;
    this.#keepWebhooks(instance);
  }

  #keepWebhooks(instance: PlatformInstance): void {
    const { id, disabled, events, webhooks } = instance;
    const wanted = this.#state.instances.has(id) && !disabled && events.enabled ? events.listIds : [];
    const id64 = encodeURIComponent(Buffer.from(String(id)).toString('base64'));
    this.#link.keepWebhooks(webhooks, wanted, `${this.#origin()}/elements/api-v2/events/${elementKey}/${id64}`);
  }
}

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw platformErrors.badRequest(z.prettifyError(parsed.error));
  return parsed.data;
}
