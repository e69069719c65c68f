// A registrar with digest authentication, and a switch that calls who is registered.
const crypto = require('node:crypto');
const { connect, say, Srf } = require('./connect.cjs');

const passwords = { alice: 'secret', bob: 'secret' };
const bindings = new Map();
const srf = connect();
const md5 = (text) => crypto.createHash('md5').update(text).digest('hex');

function authenticated(req) {
  const credentials = Object.fromEntries(
    [...(req.get('Authorization') ?? '').matchAll(/(\w+)="?([^",]+)"?/g)].map(([, name, value]) => [
      name,
      value,
    ]),
  );
  const password = passwords[credentials.username];
  if (!password) return false;
  const { username, realm, nonce, uri, response, qop, nc, cnonce } = credentials;
  const ha1 = md5(`${username}:${realm}:${password}`);
  const ha2 = md5(`${req.method}:${uri}`);
  return (
    response ===
    md5(qop ? `${ha1}:${nonce}:${nc}:${cnonce}:${qop}:${ha2}` : `${ha1}:${nonce}:${ha2}`)
  );
}

srf.register((req, res) => {
  if (!authenticated(req)) {
    const nonce = crypto.randomBytes(8).toString('hex');
    return res.send(401, {
      headers: { 'WWW-Authenticate': `Digest realm="test", nonce="${nonce}"` },
    });
  }
  const [contact] = req.getParsedHeader('Contact');
  const expires = Number(contact.params?.expires ?? req.get('Expires') ?? 3600);
  const type = expires === 0 ? 'unregister' : 'register';
  const { user } = Srf.parseUri(req.getParsedHeader('To').uri);
  if (type === 'unregister') bindings.delete(user);
  else bindings.set(user, contact.uri);
  say(type, { user, expires });
  res.send(200, { headers: { Contact: req.get('Contact'), Expires: String(expires) } });
});

srf.invite(async (req, res) => {
  const uri = bindings.get(req.calledNumber);
  if (!uri) return res.send(404);
  try {
    const { uas, uac } = await srf.createB2BUA(req, res, uri, { localSdpB: req.body });
    say('connected-call');
    uas.on('destroy', () => uac.destroy());
    uac.on('destroy', () => uas.destroy());
  } catch (err) {
    say('failed', { status: err.status, why: err.message });
  }
});
