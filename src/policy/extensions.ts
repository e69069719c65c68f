import { z } from 'zod';
import {
  type ExtensionProfile,
  type ProfileSettings,
  profileSchema,
  profileShape,
} from './extension-profile.ts';

/** What stands before the @ of an extension's address, or a group's name. */
const name = z
  .string()
  .regex(/^[^\s@:;,<>"]{1,64}$/, 'a number or a name without blanks, at most 64 long');

const listed = z.strictObject({
  groups: z.array(name).default([]).describe('the groups it is in'),
  ...profileShape,
});

export const extensionsSchema = z
  .strictObject({
    unlisted: z
      .enum(['allow', 'refuse'])
      .default('allow')
      .describe(
        'extensions that are not in the list: allow (the defaults hold for them) or refuse',
      ),
    defaults: profileSchema.prefault({}).describe('for every extension'),
    groups: z.record(name, profileSchema).default({}).describe('by name'),
    list: z.record(name, listed).default({}).describe('by number or name'),
  })
  .prefault({});
export type ExtensionsSettings = z.output<typeof extensionsSchema>;

type Path = readonly (string | number)[];

/** Who is who, with what groups and defaults say taken in. */
export class Extensions {
  readonly unlistedAllowed: boolean;
  readonly #settings: ExtensionsSettings;
  readonly #profiles = new Map<string, ExtensionProfile>();
  readonly #unlisted: ExtensionProfile;
  /** As a set: a name out of a message costs less there than as the key of an object. */
  readonly #listed: ReadonlySet<string>;

  constructor(settings: ExtensionsSettings) {
    this.#settings = settings;
    this.unlistedAllowed = settings.unlisted === 'allow';
    this.#unlisted = { ...settings.defaults, groups: [], listed: false };
    this.#listed = new Set(Object.keys(settings.list));
  }

  /** Does it stand in the list? */
  has(extension: string): boolean {
    return this.#listed.has(extension);
  }

  /** Worked out when first asked for: ten thousand at a reload would hold calls up. */
  profileOf(extension: string | undefined): ExtensionProfile {
    if (extension === undefined || !this.#listed.has(extension)) return this.#unlisted;
    const known = this.#profiles.get(extension);
    if (known !== undefined) return known;
    const profile = this.#compile(extension);
    this.#profiles.set(extension, profile);
    return profile;
  }

  /** Those in the list that are to have metrics of their own. */
  *withMetrics(): Generator<string> {
    const { list, groups, defaults } = this.#settings;
    const said = [defaults, ...Object.values(groups), ...Object.values(list)];
    if (!said.some(({ metrics }) => metrics === true)) return;
    for (const name of Object.keys(list)) if (this.profileOf(name).metrics === true) yield name;
  }

  /** Where it is said what this extension's value of a key is; undefined when nobody says. */
  whereSet(extension: string | undefined, key: keyof ProfileSettings): Path | undefined {
    const { list, groups, defaults } = this.#settings;
    const own =
      extension !== undefined && Object.hasOwn(list, extension) ? list[extension] : undefined;
    if (extension !== undefined && own?.[key] !== undefined)
      return ['extensions', 'list', extension, key];
    const group = own?.groups.find((name) => groups[name]?.[key] !== undefined);
    if (group !== undefined) return ['extensions', 'groups', group, key];
    return defaults[key] === undefined ? undefined : ['extensions', 'defaults', key];
  }

  #compile(extension: string): ExtensionProfile {
    const { list, groups, defaults } = this.#settings;
    const { groups: names = [], ...own } = list[extension] ?? {};
    const layers: readonly ProfileSettings[] = [
      defaults,
      ...names.map((name) => groups[name] ?? {}).toReversed(),
      own,
    ];
    const rules = Object.assign({}, ...layers.map((layer) => layer.rules ?? {}));
    return {
      ...Object.assign({}, ...layers),
      ...(Object.keys(rules).length > 0 && { rules }),
      groups: names,
      listed: true,
    };
  }
}
