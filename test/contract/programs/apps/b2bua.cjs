// A B2BUA: calls go on to argv[2]; hold and the like pass through; a REFER from either side takes the other along.
const { connect, say } = require('./connect.cjs');

const [target] = process.argv.slice(2);
const srf = connect();

srf.invite(async (req, res) => {
  try {
    const { uas, uac } = await srf.createB2BUA(req, res, `sip:${req.calledNumber}@${target}`, {
      localSdpB: req.body,
      proxyRequestHeaders: ['X-Customer', 'Subject'],
      proxyResponseHeaders: ['X-Agent', 'Require'],
      passFailure: true,
    });
    say('connected-call', { a: uas.id, b: uac.id });
    joined(uas, uac);
    joined(uac, uas);
  } catch (err) {
    say('failed', { status: err.status, why: err.message });
  }
});

function joined(dialog, other) {
  dialog.on('destroy', () => {
    say('destroy', { type: dialog.type });
    other.destroy().catch((err) => say('failed', { why: err.message }));
  });
  dialog.on('modify', async (req, res) => {
    try {
      const body = await other.modify(req.body);
      res.send(200, { body });
      say('modified', { type: dialog.type });
    } catch (err) {
      res.send(err.status ?? 500);
    }
  });
  dialog.on('info', (req, res) =>
    other
      .request({
        method: 'INFO',
        headers: { 'Content-Type': req.get('Content-Type') },
        body: req.body,
      })
      .then((answer) => res.send(answer.status)),
  );
  dialog.on('refer', (req, res) => transfer(dialog, other, req, res));
}

/** The one who refers leaves; the other is joined with whoever is named. */
async function transfer(dialog, other, req, res) {
  const { uri } = req.getParsedHeader('Refer-To');
  res.send(202);
  const notify = (body, state) =>
    dialog.request({
      method: 'NOTIFY',
      headers: { Event: 'refer', 'Subscription-State': state, 'Content-Type': 'message/sipfrag' },
      body,
    });
  await notify('SIP/2.0 100 Trying', 'active;expires=60');
  try {
    const third = await srf.createUAC(uri, { localSdp: other.remote.sdp });
    await other.modify(third.remote.sdp);
    await notify('SIP/2.0 200 OK', 'terminated;reason=noresource');
    say('transferred', { to: uri });
    dialog.removeAllListeners('destroy');
    other.removeAllListeners('destroy');
    joined(other, third);
    joined(third, other);
    dialog.on('destroy', () => say('left'));
  } catch (err) {
    await notify(`SIP/2.0 ${err.status} ${err.reason}`, 'terminated;reason=noresource');
    say('failed', { status: err.status, why: err.message });
  }
}
