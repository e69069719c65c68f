import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import type { Edge } from './edge.ts';
import type { HeaderChange } from './signaling.ts';

const nothing: readonly HeaderChange[] = [];

/**
 * Takes out what a phone or a trunk may not tell the PBX: a way for it to pass the request on (a PBX that is
 * a proxy would follow the Route and be an open relay), and, in a header only we may write, that it is a trunk.
 */
export function stripForPbx(edge: Edge, request: Message): readonly HeaderChange[] {
  const mark = stripTrunkMark(edge, request);
  return request.find(Header.route) < 0 ? mark : [...mark, { name: 'Route', value: undefined }];
}

/** Inside a dialog the Routes are needed; the mark of a trunk is nobody's to write there either. */
export function stripTrunkMark({ settings }: Edge, request: Message): readonly HeaderChange[] {
  const { trunkHeader } = settings.pbx;
  return trunkHeader === undefined || request.findNamed(trunkHeader.name) < 0
    ? nothing
    : [{ name: trunkHeader.name, value: undefined }];
}
