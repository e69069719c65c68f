/**
 * Why the gate says no. A closed set, because each is a metric label, a field of an event and a row of the README:
 * an open text here would let a scanner grow our metrics without bound.
 */
export const reasons = {
  scanner: 'It says it is an attack tool, or behaves like one',
  'register-name-wrong': 'The digest user name is not the one set for the extension',
  'password-wrong': 'The PBX refused the credentials',
  'extension-unknown': 'The PBX does not know the extension',
  'extension-unlisted': 'The extension is not listed, and others may not register',
  'user-agent-not-allowed': 'The User-Agent begins with none of the texts set for the extension',
  'source-not-permitted': 'The source is none of the addresses permitted to the extension',
  'remote-not-allowed': 'The extension may register from the local networks only',
  'transport-not-allowed': 'The extension may not register over this transport',
  'certificate-wrong': 'The client certificate is missing or has another name',
  'expires-too-short': 'The registration is to last shorter than allowed',
  'too-many-devices': 'As many devices of the extension as allowed are registered',
  'credentials-not-proven': 'The credentials answer no challenge that went to this source',
  'locked-out': 'The source failed at the extension too often',
  guessing: 'The source failed at several extensions too often',
  'guessing-many-extensions': 'The source failed at too many extensions',
  'guessed-by-many': 'Too many sources failed at the extension',
  guest: 'The caller holds no registration for the extension it calls as',
  'caller-not-own': 'The caller shows a number that is not its own',
  'caller-hidden': 'The caller shows no number',
  'number-unknown': 'The dial plan cannot tell what the number is',
  'international-barred': 'The extension may not call abroad at all',
  'country-not-allowed': 'The number is in a country that is not allowed',
  'number-blocked': 'The number is blocked, or matches a pattern that is',
  'class-blocked': 'The number is premium rate, satellite or of another class that is blocked',
  'number-high-risk': 'The number is in a range known for fraud',
  'calls-too-frequent': 'Too many calls in too short a time',
  'calls-too-many': 'Too many live calls at once',
  'no-route': 'No outbound route takes the number',
  'route-not-permitted': 'The outbound route does not serve the extension',
  'outside-times': 'The route or the extension may not be used at this time',
  'pin-missing': 'The outbound route asks for a PIN, and none was dialled',
  'pin-wrong': 'The PIN opens nothing, or not this route to this extension',
  'pin-locked': 'Too many wrong PINs: for now the right one is refused too',
  'call-too-long': 'The call lasted as long as it may, and was ended on both sides',
  'trunk-not-certified': "It comes from a trunk's address without that trunk's certificate",
  'caller-blocked': 'The caller from a trunk is blocked',
  'caller-anonymous': 'The caller from a trunk shows no number',
  'rule-failed':
    'A rule threw; what it was asked about is refused rather than let through unchecked',
} as const;

export type Reason = keyof typeof reasons;
