import { tortureMessages } from '../conformance/torture.ts';
import { requestText, responseText } from '../support/a-message.ts';

const sdp =
  'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8\r\n';
const toTag = { To: '<sip:1002@gate.example>;tag=1410948204' };
const digest =
  'Digest username="1001",realm="asterisk",nonce="1/a",uri="sip:gate.example",response="0123456789abcdef0123456789abcdef",algorithm=MD5,cnonce="c",qop=auth,nc=00000001';

/** What phones and PBXs really say. */
export const ordinaryMessages: readonly string[] = [
  requestText({ method: 'REGISTER', uri: 'sip:gate.example', headers: { Expires: '3600' } }),
  requestText({
    method: 'REGISTER',
    uri: 'sip:gate.example',
    headers: {
      Authorization: digest,
      Contact: '<sip:1001@192.0.2.1:5062;ob>;+sip.instance="<urn:uuid:0-1>";reg-id=1;expires=600',
      Supported: 'path, outbound, gruu',
    },
  }),
  requestText({ method: 'REGISTER', headers: { Contact: '*', Expires: '0' } }),
  requestText({ headers: { 'Content-Type': 'application/sdp' }, body: sdp }),
  requestText({
    headers: {
      Route: '<sip:gate.example;lr>, <sip:flow@gate.example;lr>',
      'Record-Route': ['<sip:a.example;lr>', '<sip:b.example;lr;ftag=1>'],
      Supported: 'replaces, timer, 100rel',
      'Session-Expires': '1800;refresher=uac',
      'P-Asserted-Identity': '"Alice" <sip:1001@gate.example>',
    },
  }),
  requestText({ method: 'ACK', headers: toTag }),
  requestText({ method: 'CANCEL' }),
  requestText({ method: 'BYE', headers: { ...toTag, Reason: 'Q.850;cause=16' } }),
  requestText({ method: 'OPTIONS', headers: { Accept: 'application/sdp' } }),
  requestText({ method: 'SUBSCRIBE', headers: { Event: 'dialog', Expires: '300' } }),
  requestText({ method: 'NOTIFY', headers: { ...toTag, 'Subscription-State': 'active' } }),
  requestText({ method: 'MESSAGE', headers: { 'Content-Type': 'text/plain' }, body: 'hello\r\n' }),
  requestText({ method: 'REFER', headers: { ...toTag, 'Refer-To': '<sip:1003@gate.example>' } }),
  requestText({ method: 'PRACK', headers: { ...toTag, RAck: '1 1 INVITE' } }),
  responseText({ startLine: 'SIP/2.0 100 Trying' }),
  responseText({ startLine: 'SIP/2.0 180 Ringing' }),
  responseText({ body: sdp, headers: { 'Content-Type': 'application/sdp' } }),
  responseText({
    method: 'REGISTER',
    startLine: 'SIP/2.0 401 Unauthorized',
    headers: { 'WWW-Authenticate': 'Digest realm="asterisk",nonce="1/a",qop="auth"' },
  }),
  responseText({
    startLine: 'SIP/2.0 302 Moved',
    headers: { Contact: '<sip:x@y>;q=0.5, sip:z@w' },
  }),
];

/** What mutants are made of: the ordinary and the tortured. */
export const seeds: readonly string[] = [
  ...ordinaryMessages,
  ...tortureMessages.map(({ wire }) => wire),
];
