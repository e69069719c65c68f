import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Settings } from '../config/settings.ts';

/** Settings on their way to the data plane. What can be long goes in pieces, each taken up between two packets. */
export interface SlicedSettings {
  /** Without the list of extensions. */
  readonly settings: Settings;
  readonly extensions: readonly Uint8Array<ArrayBuffer>[];
}

/** So many are read in a fraction of a millisecond. */
const PER_SLICE = 200;

export function sliceSettings(settings: Settings): SlicedSettings {
  const { list } = settings.policy.extensions;
  const entries = Object.entries(list);
  const encoder = new TextEncoder();
  const extensions: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < entries.length; at += PER_SLICE) {
    const some = Object.fromEntries(entries.slice(at, at + PER_SLICE));
    extensions.push(encoder.encode(JSON.stringify(some)));
  }
  return { settings: withList(settings, {}), extensions };
}

/** The same settings again; whoever waits for it lets packets pass between the slices. */
export async function joinSettings({ settings, extensions }: SlicedSettings): Promise<Settings> {
  const decoder = new TextDecoder();
  const list: Record<string, Settings['policy']['extensions']['list'][string]> = {};
  for (const slice of extensions) {
    Object.assign(list, JSON.parse(decoder.decode(slice)));
    await nextTurn();
  }
  return withList(settings, list);
}

const withList = (
  settings: Settings,
  list: Settings['policy']['extensions']['list'],
): Settings => ({
  ...settings,
  policy: { ...settings.policy, extensions: { ...settings.policy.extensions, list } },
});
