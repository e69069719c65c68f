import { plain } from '../config/edit-values.ts';
import type { Answers } from './answers.ts';
import { exampleOf, highRiskOf, premiumOf } from './example-numbers.ts';
import type { ImportedExtension } from './imported.ts';

type Question = Readonly<Record<string, string | boolean>>;

const MOST_PHONES = 5;
/** Where calls are rarely meant to go, and bills come from. */
const faraway = ['KP', 'CU', 'SO', 'LV', 'MV'];
/** Of an Iridium phone. */
const SATELLITE = '+881612345678';
/** In nobody's network: it is for benchmarks. */
const ELSEWHERE = '198.18.0.1';

/** A policy test file for what was answered: promises that the files written beside it keep. */
export function siteTests(answers: Answers): string {
  const tests = [...aboutPhones(answers), ...aboutCalls(answers)];
  const lines = tests.flatMap((test) =>
    Object.entries(test).map(
      ([key, value], index) => `  ${index === 0 ? '-' : ' '} ${key}: ${plain(value)}`,
    ),
  );
  return `# What this site counts on, made from the answers to \`drawbridge init\`. \`drawbridge test\` asks it; check, a start and a
# reload refuse a policy that answers otherwise. Keys are those of \`drawbridge explain --help\`. Add your own.

tests:
${lines.join('\n')}
`;
}

function aboutPhones({ extensions, unlisted }: Answers): readonly Question[] {
  const bound = extensions.find(({ settings }) => settings.permittedIps !== undefined);
  return [
    ...extensions.slice(0, MOST_PHONES).map((one) => ({
      name: `the phone of ${one.owner ?? one.extension} registers`,
      ...registering(one),
      expect: 'pass',
    })),
    ...(bound === undefined
      ? []
      : [
          {
            name: `nobody registers ${bound.extension} from elsewhere`,
            ...registering(bound),
            source: ELSEWHERE,
            expect: 'source-not-permitted',
          },
        ]),
    ...(unlisted
      ? []
      : [
          {
            name: 'extensions that are not in the list do not exist',
            register: 'not-in-the-list',
            expect: 'extension-unlisted',
          },
        ]),
    {
      name: 'an attack tool gets no answer',
      register: extensions[0]?.extension ?? '1001',
      userAgent: 'friendly-scanner',
      expect: 'scanner',
    },
  ];
}

/** As its own phone would. */
function registering({ extension, settings }: ImportedExtension): Question {
  const { permittedIps, userAgents, registerName, transports } = settings;
  const [source] = permittedIps?.[0]?.split('/') ?? [];
  const [userAgent] = userAgents ?? [];
  const [transport] = transports ?? [];
  return {
    register: extension,
    ...(source !== undefined && { source }),
    ...(userAgent !== undefined && { userAgent }),
    ...(registerName !== undefined && { registerName }),
    ...(transport !== undefined && { transport }),
  };
}

function aboutCalls({ extensions, homeCountry, countries }: Answers): readonly Question[] {
  const caller = extensions.find(({ settings }) => settings.international !== false);
  const calling = {
    as: caller?.extension ?? '1001',
    ...(caller?.settings.permittedIps?.[0] !== undefined && {
      source: caller.settings.permittedIps[0].split('/')[0] ?? '',
    }),
  };
  const colleague = '1002';
  const call = (name: string, invite: string | undefined, expect: string): readonly Question[] =>
    invite === undefined ? [] : [{ name, invite, ...calling, expect }];
  const home = homeCountry === undefined ? [] : [homeCountry];
  const open = [...new Set([...home, ...countries])];
  const risky = highRiskOf(open);
  const shut = faraway.find((country) => !open.includes(country));
  return [
    {
      name: 'who has not registered does not call',
      invite: colleague,
      ...calling,
      registered: false,
      expect: 'guest',
    },
    {
      name: 'nobody calls as somebody else',
      invite: colleague,
      ...calling,
      from: 'somebody-else',
      expect: 'caller-not-own',
    },
    ...open.flatMap((country) =>
      risky.includes(country)
        ? call(`numbers of ${country} are known for fraud`, exampleOf(country), 'number-high-risk')
        : call(`calls to ${country} pass`, exampleOf(country), 'pass'),
    ),
    ...(shut === undefined
      ? []
      : call(`nobody calls ${shut}`, exampleOf(shut), 'country-not-allowed')),
    ...home.flatMap((country) =>
      call('premium-rate numbers are barred', premiumOf(country), 'class-blocked'),
    ),
    ...call('satellites are expensive', SATELLITE, 'country-not-allowed'),
  ];
}
