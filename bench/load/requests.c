#include "load.h"

#include <stdlib.h>
#include <string.h>

const char *const method_names[METHODS] = {"REGISTER", "OPTIONS", "INVITE", "INFO", "BYE"};

static const char offer[] =
    "v=0\r\n"
    "o=- 20518 20518 IN IP4 127.0.0.1\r\n"
    "s=SIP Call\r\n"
    "c=IN IP4 127.0.0.1\r\n"
    "t=0 0\r\n"
    "m=audio 11780 RTP/AVP 8 0 9 18 101\r\n"
    "a=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:9 G722/8000\r\n"
    "a=rtpmap:18 G729/8000\r\n"
    "a=fmtp:18 annexb=no\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-15\r\n"
    "a=ptime:20\r\n"
    "a=sendrecv\r\n";

static const char digit_pressed[] = "Signal=5\r\nDuration=160\r\n";

static void add_request_line(struct text *text, const char *name, enum method method,
                             const struct phone *phone, const struct dialog *dialog) {
  if (dialog->remote_target)
    text_add(text, "%s %s SIP/2.0\r\n", name, dialog->remote_target);
  else if (method == INVITE)
    text_add(text, "%s sip:+4420%07u@edge.example.com SIP/2.0\r\n", name, phone->user);
  else
    text_add(text, "%s sip:edge.example.com SIP/2.0\r\n", name);
}

/* `branch` tells the transactions of one CSeq apart. */
static void add_head(struct text *text, const char *branch,
                     const struct phone *phone, const struct dialog *dialog) {
  text_add(text,
           "Via: SIP/2.0/UDP %s:%d;branch=z9hG4bK-%08x-%x-%x%s;rport\r\n"
           "Max-Forwards: 70\r\n",
           phone->address, phone->port, phone->run, phone->session, dialog->cseq, branch);
  if (dialog->routes) text_add(text, "%s", dialog->routes);
}

static void add_parties(struct text *text, const char *name, const struct phone *phone,
                        const struct dialog *dialog) {
  text_add(text,
           "From: \"User %u\" <sip:u%06u@edge.example.com>;tag=f%08x\r\n"
           "To: <sip:+4420%07u@edge.example.com>%s%s\r\n"
           "Call-ID: c%u-%08x@%s\r\n"
           "CSeq: %u %s\r\n",
           phone->user, phone->user, phone->session, phone->user, dialog->to_tag ? ";tag=" : "",
           dialog->to_tag ? dialog->to_tag : "", phone->session, phone->run, phone->address,
           dialog->cseq, name);
}

static void add_registering_parties(struct text *text, const struct phone *phone,
                                    const struct dialog *dialog) {
  text_add(text,
           "From: <sip:u%06u@edge.example.com>;tag=f%08x\r\n"
           "To: <sip:u%06u@edge.example.com>\r\n"
           "Call-ID: c%u-%08x@%s\r\n"
           "CSeq: %u REGISTER\r\n",
           phone->user, phone->session, phone->user, phone->session, phone->run, phone->address,
           dialog->cseq);
}

static void add_contact(struct text *text, enum method method, const struct phone *phone) {
  text_add(text, "Contact: <sip:u%06u@%s:%d;transport=udp>", phone->user, phone->address,
           phone->port);
  if (method == REGISTER)
    text_add(text, ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-%012x>\";reg-id=1",
             phone->user);
  text_add(text, "\r\n");
}

static void add_body(struct text *text, const char *type, const char *body) {
  text_add(text, "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", type, strlen(body), body);
}

int write_request(char *into, enum method method, const struct phone *phone,
                  const struct dialog *dialog) {
  struct text text = {into, 0, SEND_BYTES};
  const char *name = method_names[method];
  add_request_line(&text, name, method, phone, dialog);
  add_head(&text, "", phone, dialog);
  if (method == REGISTER)
    add_registering_parties(&text, phone, dialog);
  else
    add_parties(&text, name, phone, dialog);
  if (method == REGISTER || method == INVITE) add_contact(&text, method, phone);
  if (method == REGISTER)
    text_add(&text, "Expires: %ld\r\nSupported: path, outbound, gruu\r\n", phone->expires);
  text_add(&text, "User-Agent: Yealink SIP-T46S 66.85.0.5\r\n");
  if (method == REGISTER || method == INVITE)
    text_add(&text,
             "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY, REFER, UPDATE, MESSAGE\r\n");
  if (method == INVITE) {
    text_add(&text,
             "Supported: replaces, timer\r\n"
             "Allow-Events: talk, hold, conference, refer, check-sync\r\n");
    add_body(&text, "application/sdp", offer);
  } else if (method == INFO) {
    add_body(&text, "application/dtmf-relay", digit_pressed);
  } else {
    text_add(&text, "Content-Length: 0\r\n\r\n");
  }
  return text.length;
}

int write_ack(char *into, bool answered, const struct phone *phone, const struct dialog *dialog) {
  struct text text = {into, 0, SEND_BYTES};
  add_request_line(&text, "ACK", INVITE, phone, dialog);
  add_head(&text, answered ? "-ack" : "", phone, dialog);
  add_parties(&text, "ACK", phone, dialog);
  text_add(&text, "User-Agent: Yealink SIP-T46S 66.85.0.5\r\nContent-Length: 0\r\n\r\n");
  return text.length;
}

int64_t session_of(struct span call_id, uint32_t run) {
  if (!call_id.at || call_id.length < 2 || call_id.at[0] != 'c') return -1;
  char *end;
  unsigned long session = strtoul(call_id.at + 1, &end, 10);
  if (*end != '-' || strtoul(end + 1, NULL, 16) != run) return -1;
  return (int64_t)session;
}
