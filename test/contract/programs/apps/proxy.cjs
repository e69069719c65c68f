// A proxy: argv are the destinations; the number that is called says how.
const { connect, say } = require('./connect.cjs');

const destinations = process.argv.slice(2);
const srf = connect();

const ways = {
  fork: { forking: 'simultaneous' },
  redirect: { followRedirects: true },
  slow: { provisionalTimeout: '300ms' },
  final: { finalTimeout: '400ms' },
};

async function proxied(req, _res) {
  try {
    const results = await srf.proxyRequest(req, [...destinations], {
      recordRoute: true,
      headers: { 'X-Edge': '1' },
      ...ways[req.calledNumber],
    });
    say('proxied', {
      method: req.method,
      connected: results.connected,
      finalStatus: results.finalStatus,
      responses: results.responses.map(({ address, port, msgs }) => ({
        address,
        port,
        statuses: msgs.map(({ status }) => status),
      })),
    });
  } catch (err) {
    say('not-proxied', { why: String(err.message ?? err) });
  }
}

srf.invite(proxied);
srf.register(proxied);
srf.message(proxied);
srf.subscribe(proxied);

for (const kind of ['attempt', 'start', 'stop'])
  srf.on(`cdr:${kind}`, (source, _time, what, msg) =>
    say('cdr', {
      record: kind === 'attempt' ? `attempt ${source}` : `${kind} ${source} ${what}`,
      message: (msg ?? what).method ?? (msg ?? what).status,
    }),
  );
