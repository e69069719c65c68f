// A program that answers calls and other requests by itself; the number that is called says how.
const { connect, say, sdp } = require('./connect.cjs');

const srf = connect({ enablePing: true, pingInterval: 5000 });

srf.use((req, _res, next) => {
  const { method, source_address, source_port, protocol, receivedOn } = req;
  const callId = req.get('Call-ID');
  say('request', { method, source_address, source_port, protocol, receivedOn, callId });
  next();
});

srf.invite(async (req, res) => {
  req.on('cancel', () => say('cancel'));
  switch (req.calledNumber) {
    case 'busy':
      return res.send(486, 'Gone Fishing', { headers: { 'X-Why': 'fish' } });
    case 'rings':
      return res.send(180);
    case 'reliable':
      return res.send(
        183,
        { headers: { Require: '100rel' }, body: sdp() },
        (err, sent) => say('progress', { err, rseq: sent?.get('RSeq') }),
        (prack) => {
          say('prack', { rack: prack.get('RAck') });
          void answer(req, res);
        },
      );
    case 'ends':
      return answer(req, res, (dialog) => setTimeout(() => dialog.destroy(), 50));
    case 'mute': // a program that never answers
      return;
    default:
      res.send(180);
      return answer(req, res);
  }
});

async function answer(req, res, then = () => {}) {
  try {
    const dialog = await srf.createUAS(req, res, {
      localSdp: sdp(),
      headers: { 'X-Served-By': 'uas' },
    });
    say('dialog', { id: dialog.id, callId: dialog.sip.callId });
    dialog.on('destroy', (msg, reason) => say('destroy', { method: msg.method, reason }));
    dialog.on('info', (info, response) => {
      say('info', { body: info.body });
      response.send(200);
    });
    dialog.on('ack', () => say('ack'));
    then(dialog);
  } catch (err) {
    say('failed', { status: err.status, why: err.message });
  }
}

srf.options((_req, res) => res.send(200, { headers: { 'X-Load': '1' } }));
srf.message((req, res) => {
  say('message', { body: req.body });
  res.send(202, (err, sent) => say('answered', { err, sent: sent?.raw?.split('\r\n')[0] }));
});
