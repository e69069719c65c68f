import type { Stage } from './facts.ts';
import type { RuleDefinition } from './rule.ts';
import { anonymousCallers } from './rules/inbound/anonymous-callers.ts';
import { blockedCallers } from './rules/inbound/blocked-callers.ts';
import { inboundCalls } from './rules/inbound/inbound-calls.ts';
import { inboundFrequency } from './rules/inbound/inbound-frequency.ts';
import { trunkCertificates } from './rules/inbound/trunk-certificates.ts';
import { automaticDefence } from './rules/network/automatic-defence.ts';
import { blockedSources } from './rules/network/blocked-sources.ts';
import { brokenMessages } from './rules/network/broken-messages.ts';
import { dropAll } from './rules/network/drop-all.ts';
import { firewall } from './rules/network/firewall.ts';
import { hostileMessages } from './rules/network/hostile-messages.ts';
import { overload } from './rules/network/overload.ts';
import { requestRates } from './rules/network/request-rates.ts';
import { scanners } from './rules/network/scanners.ts';
import { sourceCountries } from './rules/network/source-countries.ts';
import { stealth } from './rules/network/stealth.ts';
import { strangersShare } from './rules/network/strangers-share.ts';
import { allowedCountries } from './rules/outbound/allowed-countries.ts';
import { blockedClasses } from './rules/outbound/blocked-classes.ts';
import { blockedNumbers } from './rules/outbound/blocked-numbers.ts';
import { callDuration } from './rules/outbound/call-duration.ts';
import { callFrequency } from './rules/outbound/call-frequency.ts';
import { callTimes } from './rules/outbound/call-times.ts';
import { callerIdentity } from './rules/outbound/caller-identity.ts';
import { callerPermittedIps } from './rules/outbound/caller-permitted-ips.ts';
import { concurrentCalls } from './rules/outbound/concurrent-calls.ts';
import { noGuests } from './rules/outbound/no-guests.ts';
import { rotatingPrefixes } from './rules/outbound/rotating-prefixes.ts';
import { routePermission } from './rules/outbound/route-permission.ts';
import { routePin } from './rules/outbound/route-pin.ts';
import { unknownNumbers } from './rules/outbound/unknown-numbers.ts';
import { clientCertificate } from './rules/registration/client-certificate.ts';
import { devices } from './rules/registration/devices.ts';
import { distributedGuessing } from './rules/registration/distributed-guessing.ts';
import { expiry } from './rules/registration/expiry.ts';
import { lockout } from './rules/registration/lockout.ts';
import { noEnumeration } from './rules/registration/no-enumeration.ts';
import { pbxPace } from './rules/registration/pbx-pace.ts';
import { permittedIps } from './rules/registration/permitted-ips.ts';
import { provenCredentials } from './rules/registration/proven-credentials.ts';
import { registerName } from './rules/registration/register-name.ts';
import { remoteRegistration } from './rules/registration/remote-registration.ts';
import { spreadGuessing } from './rules/registration/spread-guessing.ts';
import { transports } from './rules/registration/transports.ts';
import { unlistedExtensions } from './rules/registration/unlisted-extensions.ts';
import { userAgents } from './rules/registration/user-agents.ts';

// biome-ignore lint/suspicious/noExplicitAny: the registry forgets each rule's own options; they are parsed before `create`.
type AnyRule<S extends Stage> = RuleDefinition<S, any>;

/**
 * Every rule there is, in the order in which they are asked: the first that refuses decides. The order is part of
 * what the product promises: it stands in docs/rules.md, and `explain` prints it.
 */
export const rulesOf: { readonly [S in Stage]: readonly AnyRule<S>[] } = {
  packet: [blockedSources, automaticDefence, firewall, sourceCountries, dropAll, strangersShare],
  broken: [brokenMessages],
  network: [scanners, hostileMessages, requestRates, overload, stealth],
  registration: [
    pbxPace,
    noEnumeration,
    provenCredentials,
    lockout,
    spreadGuessing,
    distributedGuessing,
    unlistedExtensions,
    permittedIps,
    transports,
    remoteRegistration,
    clientCertificate,
    userAgents,
    registerName,
    expiry,
    devices,
  ],
  outbound: [
    rotatingPrefixes,
    callerPermittedIps,
    noGuests,
    callerIdentity,
    unknownNumbers,
    routePermission,
    callTimes,
    allowedCountries,
    blockedNumbers,
    blockedClasses,
    routePin,
    callDuration,
    callFrequency,
    concurrentCalls,
  ],
  inbound: [trunkCertificates, anonymousCallers, blockedCallers, inboundFrequency, inboundCalls],
};

export const stages = Object.keys(rulesOf) as Stage[];
