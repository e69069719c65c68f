// A program that waits for the server to connect to it: a connection for each request (srf.listen).
const { say, sdp, Srf } = require('./connect.cjs');

const { DRACHTIO_SECRET, LISTEN_HOST } = process.env;
const srf = new Srf();

srf.listen({ host: LISTEN_HOST, port: 0, secret: DRACHTIO_SECRET });
srf.on('listening', () => say('listening', { port: srf._app.client.wp.server.address().port }));
srf.on('connect', (err, hostports) => say('connected', { why: err?.message, hostports }));
srf.on('error', (err) => say('error', { why: err.message }));

srf.invite(async (req, res) => {
  try {
    const dialog = await srf.createUAS(req, res, { localSdp: sdp() });
    say('dialog', { id: dialog.id });
    dialog.on('destroy', () => {
      say('destroy');
      srf.endSession(req);
    });
  } catch (err) {
    say('failed', { why: err.message });
  }
});

srf.message((req, res) => {
  res.send(202, () => srf.endSession(req));
});
