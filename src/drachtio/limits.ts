/** One thing that cannot be had over a drachtio-server, and what there is instead. */
export interface Limit {
  readonly what: string;
  readonly instead: string;
}

/**
 * What the gate cannot do when a drachtio-server carries SIP for it. Said at each start, and a table in the README;
 * a setting that asks for one of these is refused (`config/compile-drachtio.ts`).
 */
export const limits: readonly Limit[] = [
  {
    what: 'listeners, TLS certificates, client certificates, connection limits',
    instead:
      "the server's own settings; those sections are refused here unless they are the defaults",
  },
  {
    what: 'calls and subscriptions are proxied',
    instead:
      'they are bridged: another Call-ID on each side, Via, Contact and Record-Route of the server, no second 200 of a fork, ' +
      'the first To tag for all forks',
  },
  {
    what: 'the PBX is a proxy that sends a call back with the Call-ID it had',
    instead: '482: a server tells dialogs apart by Call-ID and tag alone',
  },
  {
    what: 'messages pass byte for byte',
    instead:
      "header order and spelling are the server's; bytes that are no UTF-8 are lost; a body without Content-Type gets one",
  },
  {
    what: 'a request to `tel:` or `urn:service:` goes out as it is',
    instead: 'as `sip:+49301234@…;user=phone` and `sip:sos@…`, with the next hop as its host',
  },
  {
    what: 'methods nobody knows',
    instead: 'the server answers them, or is silent; REFER outside a dialog reaches few servers',
  },
  {
    what: 'messages beyond 11 kB',
    instead: '513, for a longer frame stops the server for good',
  },
  {
    what: 'a closed connection is noticed at once',
    instead: 'with the next request to it, which then fails',
  },
  {
    what: 'a phone that comes back on a new connection is reached over it in its calls',
    instead: 'in new calls, once it has registered; the server looks for it at its Contact',
  },
  {
    what: 'who names a new Contact in a call is reached there',
    instead: 'requests in the call go on to the first Contact',
  },
  {
    what: 'a PBX node or trunk that has said 100 is waited for',
    instead:
      'the server keeps a 100 to itself: OPTIONS ask whether it is there before the next one is tried',
  },
  {
    what: 'requests are repeated after half a second, those too large for UDP go over TCP',
    instead: 'after a second; over UDP, in fragments',
  },
  {
    what: 'an unwanted INVITE meets silence',
    instead: 'the server answers 100 before it asks',
  },
  {
    what: 'a request inside a dialog that the server does not know reaches the gate',
    instead:
      'the server answers 481; after a restart of the gate its calls go on until somebody hangs up',
  },
  {
    what: 'keep-alives of four bytes, Path toward the PBX',
    instead: 'OPTIONS, and Contact; the settings are refused',
  },
  {
    what: 'programs on a port of the gate',
    instead: 'they connect to the server; the settings are refused',
  },
  {
    what: 'the listener a request leaves by is chosen',
    instead: "the server takes the one whose address is most like the target's",
  },
  {
    what: 'refusals to forged sources are repeated three times only',
    instead: 'as often as the server repeats them',
  },
  {
    what: 'calls outlive the loss of the server',
    instead:
      'they are reported lost, media goes on until the phones hang up; the next server takes new ones',
  },
];
