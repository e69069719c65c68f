// What drachtio-fsmrf does with SIP for a call that is connected to a media server, argv[2]: a leg to the server
// with the caller's session, the server's answer to the caller, and a leg without an offer of our own (3pcc).
const { connect, say } = require('./connect.cjs');

const [server] = process.argv.slice(2);
const srf = connect();

srf.invite(async (req, res) => {
  try {
    const endpoint =
      req.calledNumber === '3pcc'
        ? await later(`sip:drachtio@${server}`, req.body)
        : await srf.createUAC(`sip:drachtio@${server}`, {
            headers: { 'X-esl-outbound': '127.0.0.1:9999', 'User-Agent': 'drachtio-fsmrf:uuid' },
            localSdp: req.body,
          });
    const dialog = await srf.createUAS(req, res, { localSdp: endpoint.remote.sdp });
    say('connected-caller');
    dialog.on('modify', async (again, response) => {
      response.send(200, { body: await endpoint.modify(again.body) });
    });
    dialog.on('destroy', () => endpoint.destroy().then(() => say('released')));
    endpoint.on('destroy', () => dialog.destroy());
  } catch (err) {
    say('failed', { status: err.status, why: err.message });
    res.send(480);
  }
});

/** The server makes the offer, and is answered in the ACK. */
async function later(uri, sdp) {
  const { ack } = await srf.createUAC(uri, { noAck: true });
  return ack(sdp).then((dialog) => Object.assign(dialog, { local: { ...dialog.local, sdp } }));
}
