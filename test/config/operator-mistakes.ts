interface Mistake {
  readonly what: string;
  readonly file: string;
  readonly text: string;
  /** The whole line behind the file's name, or a part of it. */
  readonly said: string | RegExp;
}

const site = (what: string, text: string, said: Mistake['said']): Mistake => ({
  what,
  file: 'policies/site.yaml',
  text: `site:\n${text}\n`,
  said,
});
const network = (what: string, text: string, said: Mistake['said']): Mistake => ({
  what,
  file: 'policies/network.yaml',
  text: `network:\n${text}\n`,
  said,
});
const outbound = (what: string, text: string, said: Mistake['said']): Mistake => ({
  what,
  file: 'policies/outbound.yaml',
  text: `outbound:\n${text}\n`,
  said,
});
const extensions = (what: string, text: string, said: Mistake['said']): Mistake => ({
  what,
  file: 'policies/extensions.yaml',
  text: `extensions:\n${text}\n`,
  said,
});
const exceptions = (what: string, text: string, said: Mistake['said']): Mistake => ({
  what,
  file: 'policies/exceptions.yaml',
  text: `exceptions:\n${text}\n`,
  said,
});

/** What people really write, and what they must be told. */
export const operatorMistakes: readonly Mistake[] = [
  site(
    'the United Kingdom by its internet name',
    '  homeCountry: UK',
    '2:16 site.homeCountry: found "UK", expected a country by two capital letters (ISO 3166): DE (did you mean GB?)',
  ),
  site(
    'a letter of another alphabet that looks the same',
    '  timeZ\u043ene: UTC',
    /^policies\/site\.yaml:2:3 .*found an unknown key with U\+043E in it.*did you mean timeZone\?/,
  ),
  site('a country in small letters', '  homeCountry: de', /homeCountry: .*did you mean DE\?/),
  site('a country by name', '  homeCountry: Germany', /homeCountry: .*did you mean DE\?/),
  site('a country by three letters', '  homeCountry: USA', /homeCountry: .*did you mean US\?/),
  site(
    'a country that is none',
    '  homeCountry: XX',
    /^policies\/site\.yaml:2:16 site\.homeCountry/,
  ),
  site('a city for a time zone', '  timeZone: Berlin', /timeZone: .*did you mean Europe\/Berlin\?/),
  site('a time zone misspelt', '  timeZone: Europe/Belrin', /did you mean Europe\/Berlin\?/),
  site('an offset that no clock has', '  timeZone: GMT+99', /site\.timeZone: found "GMT\+99"/),
  site('shadow misspelt', '  rules: shaddow', /site\.rules: .*did you mean shadow\?/),
  site("YAML's own true for on", '  rules: true', /site\.rules: found true.*did you mean on\?/),
  site(
    'a network without its bits',
    '  localNetworks: [192.168.1]',
    /did you mean 192\.168\.1\.0\/24\?/,
  ),
  site('a network with a star', '  localNetworks: [10.0.*.*]', /did you mean 10\.0\.0\.0\/16\?/),
  site(
    'one network, not a list',
    '  operators: 192.0.2.7',
    /site\.operators: .*did you mean \[192\.0\.2\.7\], a list of one\?/,
  ),
  site(
    'an address with its port',
    '  operators: ["192.0.2.7:22"]',
    /operators\.0: .*did you mean 192\.0\.2\.7\?/,
  ),
  site('IPv6 in brackets', '  operators: ["[2001:db8::1]"]', /did you mean 2001:db8::1\?/),
  site(
    'IPv6 in brackets, for YAML a list',
    '  operators: [[2001:db8::1]]',
    /operators\.0: .*did you mean 2001:db8::1, without \[ \]\?/,
  ),
  site(
    'IPv6 that ends in colons, for YAML a key',
    '  operators:\n    - fe80::',
    /operators\.0: .*did you mean "fe80::", in quotes\?/,
  ),
  site(
    'a netmask behind a blank',
    '  operators: [10.0.0.0 255.0.0.0]',
    /operators\.0: .*did you mean 10\.0\.0\.0\/8\?/,
  ),
  site(
    'the inverse of a netmask',
    '  operators: [10.0.0.0/0.255.255.255]',
    /operators\.0: .*did you mean 10\.0\.0\.0\/8\?/,
  ),
  site('a key by half its name', '  country: DE', /site\.country: .*did you mean homeCountry\?/),
  site(
    'a netmask that is none',
    '  operators: [192.0.2.0/255.0.255.0]',
    /operators\.0: .*a netmask is ones and then zeros/,
  ),
  site('too many bits', '  operators: [192.0.2.0/33]', /operators\.0: .*at most 32 bits/),
  site(
    'a host name for an address',
    '  operators: [admin.example.com]',
    /operators\.0: .*an IP address/,
  ),
  site(
    'a prefix without quotes',
    '  dialPlan: { outsidePrefix: 0 }',
    /outsidePrefix: found 0, .*"0", in quotes/,
  ),
  site(
    'prefixes without quotes',
    '  dialPlan: { internationalPrefixes: [00] }',
    /internationalPrefixes\.0: found 00,.*"00", in quotes/,
  ),
  site(
    'emergency numbers without quotes',
    '  dialPlan: { emergencyNumbers: [112] }',
    /emergencyNumbers\.0: .*"112", in quotes/,
  ),
  site(
    'a pattern with a bracket open',
    '  dialPlan: { extensions: ["[1-5XX"] }',
    /extensions\.0: .*a '\]' that closes it/,
  ),
  site(
    'a pattern with a star for anything',
    '  dialPlan: { extensions: [1.X] }',
    /extensions\.0: .*nothing after \. or !/,
  ),
  site(
    'a key of the dial plan one level too high',
    '  outsidePrefix: "0"',
    /site\.outsidePrefix: found an unknown key/,
  ),
  network(
    'a rule that does not exist',
    '  scaners: { mode: off }',
    /network\.scaners: .*did you mean scanners\?/,
  ),
  network(
    'a rule switched off without mode',
    '  scanners: off',
    /network\.scanners: found "off", expected a block of keys.*did you mean \{ mode: off \}\?/,
  ),
  network(
    'a mode that does not exist',
    '  scanners: { mode: enabled }',
    /scanners\.mode: found "enabled", expected one of on, shadow, off \(did you mean on\?\)/,
  ),
  network('yes for on', '  scanners: { mode: yes }', /scanners\.mode: .*did you mean on\?/),
  network('no for off', '  scanners: { mode: no }', /scanners\.mode: .*did you mean off\?/),
  network(
    'an action of another firewall',
    '  firewall: { rules: [{ name: x, action: allow }] }',
    /rules\.0\.action: found "allow".*did you mean accept\?/,
  ),
  network(
    'an answer in words',
    '  scanners: { answer: silent }',
    /scanners\.answer: .*did you mean silence\?/,
  ),
  network(
    'an answer that is a success',
    '  scanners: { answer: 200 }',
    /scanners\.answer: found 200, expected silence, or a status/,
  ),
  network(
    'an answer in quotes',
    '  scanners: { answer: "403" }',
    /scanners\.answer: .*did you mean 403 without quotes\?/,
  ),
  network(
    'a duration with its unit',
    '  scanners: { blockSeconds: 1h }',
    /blockSeconds: found "1h".*did you mean 3600\?/,
  ),
  network('a number with a comma', '  scanners: { blockSeconds: 3,600 }', /scanners/),
  outbound(
    'a duration where the key is the unit',
    '  call-duration: { seconds: 4h }',
    /call-duration\.seconds: found "4h".*did you mean 14400\?/,
  ),
  outbound(
    'a number as accountants write it',
    '  call-duration:\n    seconds: 14,400',
    /call-duration\.seconds: found "14,400".*did you mean 14400\?/,
  ),
  outbound(
    'milliseconds, which are no minutes',
    '  call-duration: { seconds: 4000ms }',
    /call-duration\.seconds: found "4000ms".*did you mean 4\?/,
  ),
  outbound(
    'a number beyond all bounds, said once',
    '  call-duration: { seconds: 99999999999999999999 }',
    /call-duration\.seconds: .*a whole number from 1 to 604800$/,
  ),
  outbound(
    'a list left out',
    '  call-frequency: { limits: }',
    /call-frequency\.limits: found nothing, expected a list \(did you mean \[\]\?\)/,
  ),
  {
    what: 'bounds the wrong way round',
    file: 'policies/registration.yaml',
    text: 'registration:\n  expiry: { least: 7200 }\n',
    said: '2:20 registration.expiry.least: found 7200, expected not more than most',
  },
  {
    what: 'hours with a blank, for one entry',
    file: 'policies/times.yaml',
    text: 'times:\n  office:\n    hours: mon-fri 08:00-18:00\n',
    said: '3:12 times.office.hours: found "mon-fri 08:00-18:00", expected a list (did you mean [mon-fri 08:00-18:00], a list of one?)',
  },
  {
    what: 'days by their whole names',
    file: 'policies/times.yaml',
    text: 'times:\n  office:\n    hours: [Monday-Friday 8-18]\n',
    said: /hours\.0: .*did you mean mon-fri 08:00-18:00\?/,
  },
  {
    what: 'a date as Germans write it',
    file: 'policies/times.yaml',
    text: 'times:\n  xmas:\n    dates: [24.12.2026]\n',
    said: /dates\.0: .*did you mean 2026-12-24\?/,
  },
  {
    what: 'a PBX without sip:',
    file: 'routes/pbx.yaml',
    text: 'pbx:\n  nodes:\n    - uri: 192.0.2.10:5060\n',
    said: /nodes\.0\.uri: .*did you mean sip:192\.0\.2\.10:5060\?/,
  },
  {
    what: 'a PBX left out',
    file: 'routes/pbx.yaml',
    text: 'pbx:\n  nodes:\n    - uri:\n',
    said: /nodes\.0\.uri: found nothing, expected a SIP URI such as/,
  },
  {
    what: 'a secret in clear',
    file: 'routes/pbx.yaml',
    text: 'pbx:\n  trunkHeader: { name: X-T, value: hunter2hunter2hunter2 }\n',
    said: /^routes\/pbx\.yaml:2:36 pbx\.trunkHeader\.value: found a text \(not shown\), expected a variable such as \$\{NAME\}, never/,
  },
  {
    what: 'the name of the file at its top left out',
    file: 'policies/outbound.yaml',
    text: 'no-guests: { mode: off }\n',
    said: /no-guests: found an unknown key, expected one of outbound \(did you mean outbound\.no-guests/,
  },
  network(
    'a text too short to be specific',
    '  scanners: { userAgents: [sip] }',
    /userAgents\.0: found "sip", expected at least 4 characters/,
  ),
  network(
    'a rule of another file',
    '  no-guests: { mode: off }',
    /network\.no-guests: .*outbound\.yaml/,
  ),
  outbound(
    'countries as one text',
    '  allowed-countries: { countries: "AT, CH" }',
    /countries: found "AT, CH", expected a list.*did you mean \[AT, CH\], a list\?/,
  ),
  outbound(
    'a country by its calling code',
    '  allowed-countries: { countries: [43] }',
    /countries\.0: found 43.*did you mean AT\?/,
  ),
  outbound(
    'a country by its code with a plus',
    '  allowed-countries: { countries: ["+43"] }',
    /countries\.0: .*did you mean AT\?/,
  ),
  outbound(
    'a rule with its options one level too high',
    '  countries: [AT]',
    /outbound\.countries: found an unknown key.*allowed-countries/,
  ),
  outbound(
    'a rule in camel case',
    '  allowedCountries: { countries: [AT] }',
    /outbound\.allowedCountries: .*did you mean allowed-countries\?/,
  ),
  outbound(
    'a number blocked without quotes',
    '  blocked-numbers: { blocked: [0900123] }',
    /blocked\.0: found 0900123.*in quotes/,
  ),
  outbound(
    'a pattern with a comma',
    '  blocked-numbers: { blocked: ["0900,1"] }',
    /blocked\.0: found "0900,1" with ',' at position 5/,
  ),
  extensions(
    'a group that does not exist',
    '  list: { 1001: { groups: [sales] } }',
    /list\.1001\.groups\.0: .*of the groups: none is defined/,
  ),
  extensions(
    'a group misspelt',
    '  groups: { sales: {} }\n  list: { 1001: { groups: [sale] } }',
    '3:28 extensions.list.1001.groups.0: found "sale", expected one of the groups: sales (did you mean sales?)',
  ),
  extensions(
    'one group, not a list',
    '  groups: { sales: {} }\n  list: { 1001: { groups: sales } }',
    /groups: .*did you mean \[sales\], a list of one\?/,
  ),
  extensions(
    'extensions as a list',
    '  list:\n    - 1001\n    - 1002',
    /extensions\.list: found .*expected a block of keys/,
  ),
  extensions(
    'an extension without anything',
    '  list:\n    1001:\n    1002:',
    /extensions\.list\.1001: found nothing.*\{\}/,
  ),
  extensions(
    'an extension twice',
    '  list:\n    1001: {}\n    1001: {}',
    /4:5: 1001: found a second time/,
  ),
  extensions(
    'a rule that does not exist',
    '  defaults: { rules: { blocked-number: off } }',
    /defaults\.rules\.blocked-number: .*did you mean blocked-numbers\?/,
  ),
  extensions(
    'a transport in capitals',
    '  defaults: { transports: [TLS] }',
    /transports\.0: .*did you mean tls\?/,
  ),
  extensions('yes for true', '  defaults: { remote: yes }', /remote: .*did you mean true\?/),
  extensions(
    'more devices than any phone has',
    '  defaults: { devices: 1000 }',
    /devices: found 1000, expected a whole number from 1 to 100/,
  ),
  extensions(
    'a number it shows without quotes',
    '  list: { 1001: { identities: [004930123] } }',
    /identities\.0: found 004930123.*in quotes/,
  ),
  extensions(
    'a name that no extension has',
    '  list: { "10 01": {} }',
    /extensions\.list\.10 01: /,
  ),
  extensions('a name of the language', '  list: { __proto__: {} }', /__proto__/),
  extensions(
    'a key of the list one level too high',
    '  1001: { devices: 2 }',
    /extensions\.1001: found an unknown key/,
  ),
  exceptions(
    'no end',
    '  fair: { rule: no-guests, extension: "1001", why: x }',
    /exceptions\.fair\.until: found nothing/,
  ),
  exceptions(
    'an extension without quotes',
    '  fair: { rule: no-guests, extension: 1001, until: 2099-01-01, why: x }',
    /fair\.extension: found 1001.*in quotes/,
  ),
  exceptions(
    'for everybody',
    '  fair: { rule: no-guests, until: 2099-01-01, why: x }',
    /exceptions\.fair: .*at least one of extension, group and source/,
  ),
  exceptions(
    'a moment that is none',
    '  fair: { rule: no-guests, extension: "1", until: tomorrow, why: x }',
    /fair\.until: found "tomorrow"/,
  ),
  {
    what: 'what an editor leaves of a file on a full disk',
    file: 'routes/trunks.yaml',
    text: '',
    said: /^routes\/trunks\.yaml: found an empty file, expected keys, or a comment where all is default$/,
  },
  {
    what: 'a file of notes',
    file: 'policies/inbound.yaml',
    text: 'see the wiki\n',
    said: '1:1: found a list or a single value, expected keys, each with a value',
  },
  {
    what: 'what git leaves of two versions',
    file: 'policies/inbound.yaml',
    text: 'inbound:\n<<<<<<< HEAD\n  anonymous-callers: { mode: on }\n=======\n>>>>>>> other\n',
    said: '2:1: not YAML: found what a merge has left, expected one of the two versions, without marks',
  },
  {
    what: 'a file cut off in the middle',
    file: 'policies/inbound.yaml',
    text: 'inbound:\n  anonymous-callers: { mode: o',
    said: /^policies\/inbound\.yaml:2:\d+: not YAML: /,
  },
  {
    what: 'a quote of a word processor',
    file: 'policies/site.yaml',
    text: 'site:\n  timeZone: “Europe/Berlin”\n',
    said: /site\.timeZone: found "“Europe\/Berlin”"/,
  },
  {
    what: 'a space that is none',
    file: 'policies/site.yaml',
    text: 'site:\n\u00a0 rules: off\n',
    said: /^policies\/site\.yaml:2:/,
  },
  {
    what: 'a space that is none, behind a colon',
    file: 'policies/site.yaml',
    text: 'site:\n  timeZone: UTC\n  rules:\u00a0off\n',
    said: '3:3: not YAML: found a blank that only looks like a space, expected spaces',
  },
  {
    what: 'a tab',
    file: 'policies/site.yaml',
    text: 'site:\n\trules: off\n',
    said: '2:1: not YAML: found a tab before a key, expected spaces',
  },
  {
    what: 'a value that sticks to its colon',
    file: 'policies/site.yaml',
    text: 'site:\n  rules:off\n  timeZone: UTC\n',
    said: '2:3: not YAML: found no space behind a colon, expected key: value',
  },
  {
    what: 'a line one to the left, and those that follow from it',
    file: 'policies/site.yaml',
    text: 'site:\n  rules: off\n timeZone: UTC\n homeCountry: DE\n',
    said: '3:1: not YAML: found another indentation than of what is around, expected as many spaces as there (so line 4)',
  },
  {
    what: 'an alias of nothing',
    file: 'policies/site.yaml',
    text: 'site:\n  operators: *office\n',
    said: '2:14: found an alias *office, expected &office on something before it',
  },
  {
    what: 'lines as old Macs end them, of which all but the first would be a comment',
    file: 'policies/site.yaml',
    text: '# The site\rsite:\r  rules: off\r',
    said: /^policies\/site\.yaml: found lines that end with CR alone, expected LF or CR LF$/,
  },
];
