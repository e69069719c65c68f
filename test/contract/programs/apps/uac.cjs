// A program that calls: argv names whom, and how.
const { connect, say, sdp } = require('./connect.cjs');

const [how, target, proxy] = process.argv.slice(2);
const auth = { username: 'alice', password: 'secret' };
const srf = connect();

srf.on('connect', async (err) => {
  if (err) return;
  if (how === 'options') {
    const req = await srf.request(target, { method: 'OPTIONS', auth });
    req.on('response', (res) => say('response', { status: res.status }));
    return;
  }
  let invite;
  try {
    const dialog = await srf.createUAC(
      target,
      { localSdp: sdp(), auth, callingNumber: 'alice', headers: { Subject: 'lunch' }, proxy },
      {
        cbRequest: (_err, req) => {
          invite = req;
          say('sent', { uri: req.uri, contact: req.get('Contact'), from: req.get('From') });
        },
        cbProvisional: (res) => {
          say('provisional', { status: res.status });
          if (how === 'cancel' && res.status === 180) invite.cancel(() => say('cancelled'));
        },
      },
    );
    say('dialog', { id: dialog.id, remote: dialog.remote.uri });
    dialog.on('destroy', (msg, reason) => say('destroy', { method: msg.method, reason }));
    if (how === 'stay') return;
    const answer = await dialog.request({
      method: 'INFO',
      body: 'x',
      headers: { 'Content-Type': 'text/plain' },
    });
    say('response', { status: answer.status });
    const held = await dialog.modify('hold');
    say('modified', { sdp: held });
    await dialog.destroy({ headers: { Reason: 'Q.850;cause=16' } });
    say('destroyed');
  } catch (problem) {
    say('failed', { status: problem.status, why: problem.message });
  }
});
