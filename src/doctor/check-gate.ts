import { about, type Examined, type Finding } from './finding.ts';

const gate = about('gate');
const lists = about('lists');

/** Does it run, and is it well? */
export function checkGate({ status }: Examined): readonly Finding[] {
  if (status === undefined)
    return [gate.warn('it does not run with this data directory', 'start it, or give its --data')];
  const { ready, version, process } = status;
  return [
    ready.length === 0
      ? gate.ok(`version ${version} runs as process ${process}, and is ready`)
      : gate.bad(`it is not ready: ${ready.join(', ')}`, 'see its log, and drawbridge status'),
    ...status.lists.map((list) => {
      const { name, networks, failing } = list;
      return failing === undefined
        ? lists.ok(`${name} names ${networks} networks`)
        : lists.warn(
            `${name} cannot be read: ${failing.text}`,
            'the last good one stays for now: see drawbridge lists',
          );
    }),
  ];
}
