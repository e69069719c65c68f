import type { ExtensionProfile } from '../policy/extension-profile.ts';
import type { Site } from '../policy/site.ts';
import { splitList } from '../sip/message/list.ts';
import type { Message } from '../sip/message/message.ts';
import { isExtension } from './on-behalf-of.ts';
import type { HeaderChange } from './signaling.ts';
import { userIn } from './user-part.ts';

const headers = ['Diversion', 'History-Info'] as const;

/** Whose message it is, and whom it calls. */
export interface Diverting {
  readonly extension: string | undefined;
  readonly profile: Pick<ExtensionProfile, 'identities'>;
  readonly called: string | undefined;
}

/**
 * A phone may say that it forwards a call itself. What it says of another extension the PBX would repeat to us, when
 * the call goes on to a trunk: it would be charged to that one, by the rights of that one.
 */
export function withoutForeignDiversions(
  message: Message,
  whose: Diverting,
  site: Site,
): readonly HeaderChange[] {
  let changes = nothing;
  for (const name of headers)
    if (namesAnother(message, name, whose, site))
      changes = [...changes, { name, value: undefined }];
  return changes;
}

const nothing: readonly HeaderChange[] = [];

function namesAnother(
  message: Message,
  header: (typeof headers)[number],
  { extension, profile, called }: Diverting,
  site: Site,
): boolean {
  for (let line = message.findNamed(header); line >= 0; line = message.findNamed(header, line + 1))
    for (const value of splitList(message.valueOf(line))) {
      const user = userIn(value);
      if (user === undefined) return true; // the PBX may read it
      const known = user === extension || user === called || profile.identities?.includes(user);
      if (known !== true && isExtension(user, site)) return true;
    }
  return false;
}
