// A presence server for who subscribes, and a watcher of argv[2] when that is given.
const { connect, say } = require('./connect.cjs');

const [watched] = process.argv.slice(2);
const srf = connect();

srf.subscribe(async (req, res) => {
  try {
    const dialog = await srf.createUAS(req, res, { headers: { Expires: req.get('Expires') } });
    say('subscribed', { event: dialog.subscribeEvent });
    const notify = (state, body) =>
      dialog.request({
        method: 'NOTIFY',
        headers: {
          Event: req.get('Event'),
          'Subscription-State': state,
          'Content-Type': 'application/pidf+xml',
        },
        body,
      });
    const answer = await notify('active;expires=60', '<presence/>');
    say('notified', { status: answer.status });
    dialog.on('subscribe', (again, response) => {
      response.send(200, { headers: { Expires: again.get('Expires') } });
      say('refreshed');
    });
    dialog.on('unsubscribe', async () => {
      await notify('terminated;reason=timeout', '<presence/>');
      say('unsubscribed');
    });
    dialog.on('destroy', () => say('destroy'));
  } catch (err) {
    say('failed', { status: err.status, why: err.message });
  }
});

srf.on('connect', async (err) => {
  if (err || !watched) return;
  try {
    const dialog = await srf.createUAC(watched, {
      method: 'SUBSCRIBE',
      headers: {
        From: watched,
        Event: 'dialog',
        Expires: '60',
        Accept: 'application/dialog-info+xml',
      },
    });
    say('watching', { id: dialog.id });
    dialog.on('notify', (req, res) => {
      say('notify', { state: req.get('Subscription-State'), body: req.body });
      res.send(200);
    });
    dialog.on('destroy', () => say('destroy'));
  } catch (problem) {
    say('failed', { status: problem.status, why: problem.message });
  }
});
