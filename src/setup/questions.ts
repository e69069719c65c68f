import { expected, type Understood, understood } from '../policy/written.ts';
import {
  readCountries,
  readHomeCountry,
  readNetworks,
  readOutsidePrefix,
  readPbx,
  readPublicAddress,
} from './answers.ts';

/** Something to be known about the site: said by a flag, or asked for on a terminal. */
export interface Question<T> {
  readonly flag: string;
  readonly asked: string;
  /** What it means when nothing is answered, and how that is shown; undefined: it must be answered. */
  readonly otherwise: { readonly value: T; readonly shown: string } | undefined;
  readonly read: (text: string) => Understood<T>;
}

const pbx: Question<string> = {
  flag: 'pbx',
  asked: 'Where is the PBX? Its address or name, and the port if that is not 5060',
  otherwise: undefined,
  read: readPbx,
};

const publicAddress: Question<string | undefined> = {
  flag: 'public',
  asked: 'By which name or address do phones outside reach this machine?',
  otherwise: { value: undefined, shown: 'its own addresses' },
  read: readPublicAddress,
};

const homeCountry: Question<string | undefined> = {
  flag: 'country',
  asked: 'In which country is it, by two letters?',
  otherwise: {
    value: undefined,
    shown: 'none: every number with an international prefix is abroad',
  },
  read: readHomeCountry,
};

const countries: Question<readonly string[]> = {
  flag: 'call',
  asked: 'Which other countries may be called?',
  otherwise: { value: [], shown: 'none' },
  read: readCountries,
};

const outsidePrefix: Question<string> = {
  flag: 'outside-prefix',
  asked: 'What is dialled first for an outside line?',
  otherwise: { value: '', shown: 'nothing' },
  read: readOutsidePrefix,
};

const localNetworks: Question<readonly string[] | undefined> = {
  flag: 'local',
  asked: 'Which networks are your own?',
  otherwise: { value: undefined, shown: 'the private ones' },
  read: readNetworks,
};

const importFile: Question<string | undefined> = {
  flag: 'import',
  asked: "Which file has the extensions: Asterisk's pjsip.conf, or a table (.csv)?",
  otherwise: { value: undefined, shown: 'none' },
  read: (text) =>
    /\.(?:conf|csv)$/i.test(text)
      ? understood(text)
      : expected('a file whose name ends in .conf or .csv'),
};

/** In the order in which they are asked. */
export const questions = {
  pbx,
  publicAddress,
  homeCountry,
  countries,
  outsidePrefix,
  localNetworks,
  importFile,
} as const;
