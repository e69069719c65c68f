import { fileURLToPath } from 'node:url';

/** Which file of which folder holds which keys. */
export const settingsFiles = {
  routes: {
    'gate.yaml': ['dataDirectory', 'http', 'log', 'events', 'drain', 'limits', 'kernel'],
    'listeners.yaml': ['listeners', 'tls'],
    'pbx.yaml': ['pbx', 'topology', 'calls'],
    'trunks.yaml': ['trunks'],
    'outbound.yaml': ['outboundRoutes'],
    'programs.yaml': ['programPort', 'programs'],
    'drachtio.yaml': ['drachtio'],
    'cluster.yaml': ['cluster'],
  },
  policies: {
    'site.yaml': ['site'],
    'network.yaml': ['network'],
    'lists.yaml': ['lists'],
    'registration.yaml': ['registration'],
    'outbound.yaml': ['outbound'],
    'inbound.yaml': ['inbound'],
    'extensions.yaml': ['extensions'],
    'times.yaml': ['times'],
    'pins.yaml': ['pins'],
    'exceptions.yaml': ['exceptions'],
    'notifications.yaml': ['notifications'],
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export type Folder = keyof typeof settingsFiles;

export const folders = Object.keys(settingsFiles) as Folder[];

/** The folders that ship with the program, used where none is named. */
export const shippedFolders: Readonly<Record<Folder, string>> = {
  routes: fileURLToPath(new URL('../../routes', import.meta.url)),
  policies: fileURLToPath(new URL('../../policies', import.meta.url)),
};

/** The names of the files of a folder. */
export const filesOf = (folder: Folder): readonly string[] => Object.keys(settingsFiles[folder]);

/** The keys that a file holds; none for a name we do not know. */
export const keysOf = (folder: Folder, name: string): readonly string[] => {
  const files: Readonly<Record<string, readonly string[]>> = settingsFiles[folder];
  return Object.hasOwn(files, name) ? (files[name] ?? []) : [];
};

export interface Home {
  readonly folder: Folder;
  readonly name: string;
}

/** Where a key stands. */
export function homeOf(key: string): Home | undefined {
  for (const folder of folders) {
    const name = filesOf(folder).find((file) => keysOf(folder, file).includes(key));
    if (name !== undefined) return { folder, name };
  }
  return undefined;
}
