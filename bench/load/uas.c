/* The PBX behind the edge: registers everyone, answers every call at once, and repeats each 200 until its ACK. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define T1_NS (500 * NS_PER_MS)
#define T2_NS (4 * NS_PER_SECOND)
#define GIVE_UP_NS (64 * T1_NS)
#define POLL_MS 5

static const char answer_sdp[] =
    "v=0\r\n"
    "o=- 1 1 IN IP4 127.0.0.1\r\n"
    "s=-\r\n"
    "c=IN IP4 127.0.0.1\r\n"
    "t=0 0\r\n"
    "m=audio 40000 RTP/AVP 8 0 101\r\n"
    "a=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-15\r\n"
    "a=sendrecv\r\n";

/* Calls share a slot when the low bits of their hashes agree; the later one then takes it. */
#define UNACKNOWLEDGED_SLOTS (1u << 20)

/* A 200 to an INVITE that is repeated until its ACK (RFC 3261 §13.3.1.4). */
struct unacknowledged {
  uint32_t call;
  int length;
  char *bytes; /* NULL: the slot is free */
  struct sockaddr_in to;
  uint64_t sent_at;
  uint64_t interval;
  uint64_t due;
};

struct uas {
  const struct options *options;
  struct udp *udp;
  char address[INET_ADDRSTRLEN];
  struct wheel *wheel;
  struct unacknowledged *unacknowledged;
  uint64_t repeated;
  uint64_t received[6]; /* by `kinds` */
};

static const char *const kinds[] = {"register", "invite", "ack", "bye", "options", "other"};
enum { KIND_REGISTER, KIND_INVITE, KIND_ACK, KIND_BYE, KIND_OPTIONS, KIND_OTHER };

static int kind_of(const char *message) {
  if (!strncmp(message, "REGISTER ", 9)) return KIND_REGISTER;
  if (!strncmp(message, "INVITE ", 7)) return KIND_INVITE;
  if (!strncmp(message, "ACK ", 4)) return KIND_ACK;
  if (!strncmp(message, "BYE ", 4)) return KIND_BYE;
  if (!strncmp(message, "OPTIONS ", 8)) return KIND_OPTIONS;
  return KIND_OTHER;
}

static uint32_t hash_of(struct span text) {
  uint32_t hash = 2166136261u;
  for (int i = 0; i < text.length; i++) hash = (hash ^ (uint8_t)text.at[i]) * 16777619u;
  return hash;
}

static void add_all(struct text *text, const struct headers *headers, enum header name) {
  for (int i = 0; i < headers->count; i++)
    if (headers->each[i].name == name) text_add_span(text, headers->each[i].line);
}

static void add_to(struct text *text, const struct headers *headers, uint32_t call) {
  struct span to = headers_first(headers, TO);
  if (!to.at) return;
  text_add(text, "To: ");
  text_add_span(text, to);
  text_add(text, tag_of(to).at ? "\r\n" : ";tag=b%08x\r\n", call);
}

/* What a registrar says: the contact it now holds, how to reach it, and the way to us. */
static void add_registration(struct uas *uas, struct text *text, const struct headers *headers) {
  struct span expires = headers_first(headers, EXPIRES);
  struct span contact = headers_first(headers, CONTACT);
  long seconds = expires.at ? strtol(expires.at, NULL, 10) : 3600;
  if (contact.at && seconds > 0) {
    text_add(text, "Contact: ");
    text_add_span(text, contact);
    text_add(text, ";expires=%ld\r\n", seconds);
  }
  add_all(text, headers, PATH);
  text_add(text, "Service-Route: <sip:%s:%d;lr>\r\n", uas->address, uas->udp->port);
}

/* Whoever is none of the load's users has no password, and registers nowhere. */
static bool is_stranger(const struct uas *uas, int kind, const struct headers *headers) {
  if (!uas->options->knows_users || kind != KIND_REGISTER) return false;
  struct span to = headers_first(headers, TO);
  for (int i = 0; i + 5 <= to.length; i++)
    if (!strncmp(to.at + i, "sip:u", 5)) return false;
  return true;
}

static int write_answer(struct uas *uas, char *into, int kind, bool ringing,
                        const struct headers *headers, uint32_t call) {
  struct text text = {into, 0, SEND_BYTES};
  bool stranger = is_stranger(uas, kind, headers);
  text_add(&text, stranger  ? "SIP/2.0 401 Unauthorized\r\n"
                  : ringing ? "SIP/2.0 180 Ringing\r\n"
                            : "SIP/2.0 200 OK\r\n");
  add_all(&text, headers, VIA);
  if (kind == KIND_INVITE) add_all(&text, headers, RECORD_ROUTE);
  add_all(&text, headers, FROM);
  add_to(&text, headers, call);
  add_all(&text, headers, CALL_ID);
  add_all(&text, headers, CSEQ);
  if (stranger)
    text_add(&text, "WWW-Authenticate: Digest realm=\"uas\", nonce=\"%08x\", algorithm=MD5\r\n", call);
  else if (kind == KIND_REGISTER)
    add_registration(uas, &text, headers);
  else
    text_add(&text, "Contact: <sip:gw@%s:%d>\r\n", uas->address, uas->udp->port);
  text_add(&text, "Server: uas\r\n");
  if (kind == KIND_INVITE && !ringing)
    text_add(&text, "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(answer_sdp), answer_sdp);
  else
    text_add(&text, "Content-Length: 0\r\n\r\n");
  return text.length;
}

static struct unacknowledged *slot_of(struct uas *uas, uint32_t call) {
  return &uas->unacknowledged[call % UNACKNOWLEDGED_SLOTS];
}

static void forget(struct unacknowledged *slot) {
  free(slot->bytes);
  slot->bytes = NULL;
}

static void remember(struct uas *uas, uint32_t call, const char *bytes, int length,
                     struct sockaddr_in to, uint64_t now) {
  struct unacknowledged *slot = slot_of(uas, call);
  forget(slot);
  *slot = (struct unacknowledged){
      .call = call,
      .length = length,
      .bytes = memcpy(must(malloc((size_t)length)), bytes, (size_t)length),
      .to = to,
      .sent_at = now,
      .interval = T1_NS,
      .due = now + T1_NS,
  };
  wheel_add(uas->wheel, slot->due, call, 0);
}

static void repeat_if_unacknowledged(void *context, uint32_t call, uint8_t kind, uint64_t now) {
  (void)kind;
  struct uas *uas = context;
  struct unacknowledged *slot = slot_of(uas, call);
  /* A timer that is early belongs to an INVITE this one has replaced. */
  if (!slot->bytes || slot->call != call || slot->due > now) return;
  if (now - slot->sent_at >= GIVE_UP_NS) {
    forget(slot);
    return;
  }
  memcpy(udp_next(uas->udp), slot->bytes, (size_t)slot->length);
  udp_queue(uas->udp, slot->length, &slot->to);
  uas->repeated++;
  slot->interval = slot->interval * 2 > T2_NS ? T2_NS : slot->interval * 2;
  slot->due = now + slot->interval;
  wheel_add(uas->wheel, slot->due, call, 0);
}

static void answer(struct uas *uas, const char *message, struct sockaddr_in from, uint64_t now) {
  if (!strncmp(message, "SIP/2.0 ", 8)) return;
  int kind = kind_of(message);
  uas->received[kind]++;

  struct headers headers;
  headers_find(&headers, message);
  struct span call_id = headers_first(&headers, CALL_ID);
  uint32_t call = hash_of(call_id);
  if (kind == KIND_ACK) {
    struct unacknowledged *slot = slot_of(uas, call);
    if (slot->bytes && slot->call == call) forget(slot);
    return;
  }

  bool in_dialog = tag_of(headers_first(&headers, TO)).at != NULL;
  if (kind == KIND_INVITE && !in_dialog && !uas->options->no_ringing) {
    int length = write_answer(uas, udp_next(uas->udp), kind, true, &headers, call);
    udp_queue(uas->udp, length, &from);
  }
  char *bytes = udp_next(uas->udp);
  int length = write_answer(uas, bytes, kind, false, &headers, call);
  if (kind == KIND_INVITE) remember(uas, call, bytes, length, from, now);
  udp_queue(uas->udp, length, &from);
}

int run_uas(const struct options *options) {
  struct uas uas = {
      .options = options,
      .udp = udp_open(options->bind),
      .wheel = wheel_new(monotonic_ns()),
      .unacknowledged = must(calloc(UNACKNOWLEDGED_SLOTS, sizeof(struct unacknowledged))),
  };
  struct received *received = must(malloc(sizeof *received));
  inet_ntop(AF_INET, &options->bind.sin_addr, uas.address, sizeof uas.address);
  printf("{\"event\":\"listening\",\"port\":%d}\n", uas.udp->port);
  fflush(stdout);

  uint64_t end = options->seconds > 0
                     ? monotonic_ns() + (uint64_t)(options->seconds * NS_PER_SECOND)
                     : UINT64_MAX;
  while (!stop_requested && monotonic_ns() < end) {
    struct pollfd readable = {.fd = uas.udp->fd, .events = POLLIN};
    poll(&readable, 1, POLL_MS);
    int count;
    while ((count = udp_receive(uas.udp->fd, received)) > 0) {
      uint64_t now = monotonic_ns();
      for (int i = 0; i < count; i++)
        answer(&uas, received->bytes[i], received->sources[i], now);
      udp_flush(uas.udp);
      if (count < BATCH) break;
    }
    wheel_advance(uas.wheel, monotonic_ns(), repeat_if_unacknowledged, &uas);
    udp_flush(uas.udp);
  }

  printf("{\"mode\":\"uas\"");
  for (int i = 0; i <= KIND_OTHER; i++) printf(",\"%s\":%" PRIu64, kinds[i], uas.received[i]);
  printf(",\"repeated\":%" PRIu64 ",\"cpuSeconds\":%.3f}\n", uas.repeated, cpu_seconds());
  return 0;
}
