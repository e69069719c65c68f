// What every program here begins with: connect, and say on stdout what happens, one JSON line each.
const Srf = require('drachtio-srf');

const { DRACHTIO_HOST, DRACHTIO_PORT, DRACHTIO_SECRET, DRACHTIO_TAGS, DRACHTIO_TLS } = process.env;

const say = (event, facts = {}) => process.stdout.write(`${JSON.stringify({ event, ...facts })}\n`);

function connect(options = {}) {
  const srf = new Srf();
  srf.connect({
    host: DRACHTIO_HOST,
    port: Number(DRACHTIO_PORT),
    secret: DRACHTIO_SECRET,
    ...(DRACHTIO_TAGS && { tags: DRACHTIO_TAGS.split(',') }),
    ...(DRACHTIO_TLS && { tls: { rejectUnauthorized: false } }),
    ...options,
  });
  srf.on('connect', (err, hostports) => {
    if (err) say('refused', { why: err.message });
    else say('connected', { hostports });
  });
  srf.on('error', (err) => say('error', { why: err.message }));
  srf.on('reconnecting', () => say('reconnecting'));
  tellWhatIsLeft(srf);
  return srf;
}

// asked by the test: what is left of all the calls
function tellWhatIsLeft(srf) {
  process.on('SIGUSR2', () => {
    const { pendingRequests, pendingSipRequests, pendingNetworkInvites } = [
      ...srf._app.client.mapServer.values(),
    ][0];
    say('left', {
      dialogs: srf._dialogs.size,
      pending: pendingRequests.size + pendingSipRequests.size + pendingNetworkInvites.size,
    });
  });
}

const sdp = (address = '127.0.0.1', port = 40000) =>
  [
    'v=0',
    `o=- 1 1 IN IP4 ${address}`,
    's=-',
    `c=IN IP4 ${address}`,
    't=0 0',
    `m=audio ${port} RTP/AVP 0`,
    'a=sendrecv',
    '',
  ].join('\r\n');

process.on('unhandledRejection', (err) => say('unhandled', { why: String(err?.stack ?? err) }));
process.on('uncaughtException', (err) => say('uncaught', { why: String(err?.stack ?? err) }));

module.exports = { connect, say, sdp, Srf };
