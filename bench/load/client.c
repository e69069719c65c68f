/* The phones in front of the edge: registrations, calls, and requests within calls held open. */
#include "load.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#define MAX_SOCKETS 64
#define MAX_SESSIONS (4l << 20)
#define MAX_STATUS 700
#define BURST 256        /* starts between two looks at the sockets */
#define RECEIVE_ROUNDS 8 /* batches read from one socket before the next gets its turn */
#define OPENING_WINDOW 200
#define SETTLE_NS (300 * NS_PER_MS)
#define T1_NS (500 * NS_PER_MS)
#define MAX_RETRANSMISSIONS 10

/* Latencies in milliseconds, kept whole: percentiles are exact. */
struct samples {
  double *values;
  size_t count, room;
};

enum state { UNUSED, WAITING, HELD, FINISHED };

/* One registration, one OPTIONS or one call; at most one request of it is under way. */
struct session {
  uint64_t sent_at;
  struct dialog dialog;
  uint8_t state;
  uint8_t method; /* of the request under way, in WAITING */
  uint8_t retransmissions;
  bool provisional; /* an INVITE that got a 1xx is not retransmitted any more */
  bool ringing;
  bool established;
};

enum timer { RETRANSMIT, HANG_UP };

/* Only the dialog mode has more than one. */
enum phase { OPENING, HOLDING, CLOSING };

struct client {
  const char *mode;
  const struct options *options;
  enum method first;
  bool dialog_mode;

  struct udp *sockets[MAX_SOCKETS];
  int epoll;
  char address[INET_ADDRSTRLEN];
  uint32_t run;
  struct wheel *wheel;
  struct received *received;
  struct session *sessions;

  enum phase phase;
  uint64_t phase_started;
  uint64_t phase_starts; /* requests begun in this phase, for its pace */
  long cursor;           /* dialog mode: where to look for the next idle call */
  uint64_t start, end, give_up, last_done;

  long started, live; /* sessions begun; requests or calls under way now */
  uint64_t done, done_in_time, failed, timed_out;
  uint64_t retransmissions, unexpected, altered;
  uint64_t statuses[MAX_STATUS];
  struct samples ringing, answer, request, bye;
};

static void sample(struct samples *samples, uint64_t from, uint64_t to) {
  if (samples->count == samples->room) {
    samples->room = samples->room ? samples->room * 2 : 4096;
    samples->values = must(realloc(samples->values, samples->room * sizeof *samples->values));
  }
  samples->values[samples->count++] = (double)(to - from) / 1e6;
}

/* ------------------------------------------------------------- sending */

static struct phone phone_of(const struct client *client, uint32_t id) {
  uint32_t user = id % (uint32_t)client->options->users;
  return (struct phone){
      .address = client->address,
      .port = client->sockets[user % client->options->sockets]->port,
      .run = client->run,
      .session = id,
      .user = (uint32_t)client->options->first_user + user,
      .expires = client->options->expires,
  };
}

/* A user always speaks from the same socket, as a phone does. */
static struct udp *socket_of(const struct client *client, uint32_t id) {
  return client->sockets[id % (uint32_t)client->options->users % client->options->sockets];
}

static void transmit(struct client *client, uint32_t id) {
  struct session *session = &client->sessions[id];
  struct phone phone = phone_of(client, id);
  struct udp *udp = socket_of(client, id);
  int length = write_request(udp_next(udp), session->method, &phone, &session->dialog);
  udp_queue(udp, length, &client->options->to);
}

static void transmit_ack(struct client *client, uint32_t id, bool answered, uint32_t cseq) {
  struct dialog dialog = client->sessions[id].dialog;
  dialog.cseq = cseq;
  struct phone phone = phone_of(client, id);
  struct udp *udp = socket_of(client, id);
  udp_queue(udp, write_ack(udp_next(udp), answered, &phone, &dialog), &client->options->to);
}

/* Begins a request: the first of a session or the next one in its dialog. */
static void begin(struct client *client, uint32_t id, enum method method, uint64_t now) {
  struct session *session = &client->sessions[id];
  session->method = method;
  session->state = WAITING;
  session->retransmissions = 0;
  session->provisional = false;
  session->sent_at = now;
  session->dialog.cseq++;
  transmit(client, id);
  wheel_add(client->wheel, now + T1_NS, id, RETRANSMIT);
}

static void count(struct client *client, uint64_t *counter, uint64_t now) {
  (*counter)++;
  client->live--;
  if (counter != &client->done) return;
  client->last_done = now;
  if (now < client->end) client->done_in_time++;
}

/* The call goes on, whatever became of a request within it. */
static void in_dialog_done(struct client *client, uint32_t id, uint64_t *counter, uint64_t now) {
  struct session *session = &client->sessions[id];
  if (counter != &client->timed_out) sample(&client->request, session->sent_at, now);
  session->state = HELD;
  count(client, counter, now);
}

static void finish(struct client *client, uint32_t id, uint64_t *counter, uint64_t now) {
  struct session *session = &client->sessions[id];
  count(client, counter, now);
  free(session->dialog.routes);
  free(session->dialog.to_tag);
  free(session->dialog.remote_target);
  session->dialog = (struct dialog){0};
  session->state = FINISHED;
}

/* ----------------------------------------------------------- receiving */

/* The route set is the Record-Route of the answer, reversed (RFC 3261 §12.1.2). */
static char *routes_from(const struct headers *headers) {
  char bytes[SEND_BYTES];
  struct text text = {bytes, 0, sizeof bytes};
  for (int i = headers->count - 1; i >= 0; i--) {
    if (headers->each[i].name != RECORD_ROUTE) continue;
    /* Several in one line are reversed as well. */
    struct span line = headers->each[i].value;
    const char *end = line.at + line.length;
    while (end > line.at) {
      const char *begin = end;
      while (begin > line.at && begin[-1] != ',') begin--;
      struct span route = {begin, (int)(end - begin)};
      while (route.length && *route.at == ' ') route.at++, route.length--;
      text_add(&text, "Route: ");
      text_add_span(&text, route);
      text_add(&text, "\r\n");
      end = begin > line.at ? begin - 1 : begin;
    }
  }
  return text.length ? span_copy((struct span){bytes, text.length}) : NULL;
}

static struct span within_brackets(struct span contact) {
  const char *open = contact.at ? memchr(contact.at, '<', (size_t)contact.length) : NULL;
  const char *close = contact.at ? memchr(contact.at, '>', (size_t)contact.length) : NULL;
  if (!open || !close || close < open) return (struct span){NULL, 0};
  return (struct span){open + 1, (int)(close - open - 1)};
}

static void hang_up(struct client *client, uint32_t id, uint64_t now) {
  if (client->sessions[id].state == HELD) begin(client, id, BYE, now);
}

static void call_answered(struct client *client, uint32_t id, const struct headers *headers,
                          uint64_t now) {
  struct session *session = &client->sessions[id];
  sample(&client->answer, session->sent_at, now);
  session->established = true;
  session->state = HELD;
  session->dialog.routes = routes_from(headers);
  session->dialog.to_tag = span_copy(tag_of(headers_first(headers, TO)));
  session->dialog.remote_target =
      span_copy(within_brackets(headers_first(headers, CONTACT)));
  transmit_ack(client, id, true, session->dialog.cseq);

  if (client->dialog_mode) {
    client->live--;
    return;
  }
  uint64_t hold_ns = (uint64_t)(client->options->hold_ms * NS_PER_MS);
  if (hold_ns)
    wheel_add(client->wheel, now + hold_ns, id, HANG_UP);
  else
    hang_up(client, id, now);
}

static void invite_response(struct client *client, uint32_t id, int status, uint32_t cseq,
                            const struct headers *headers, uint64_t now) {
  struct session *session = &client->sessions[id];
  bool current =
      session->state == WAITING && session->method == INVITE && session->dialog.cseq == cseq;

  if (status < 200) {
    if (!current) return;
    session->provisional = true;
    if (status >= 180 && !session->ringing && !session->established) {
      session->ringing = true;
      sample(&client->ringing, session->sent_at, now);
    }
    return;
  }
  if (!current) {
    /* Repeated because our ACK was lost. */
    if (session->state == WAITING || session->state == HELD)
      transmit_ack(client, id, status < 300, cseq);
    return;
  }
  if (status < 300 && !session->established) {
    call_answered(client, id, headers, now);
  } else if (session->established) {
    transmit_ack(client, id, status < 300, cseq);
    in_dialog_done(client, id, status < 300 ? &client->done : &client->failed, now);
  } else {
    session->dialog.to_tag = span_copy(tag_of(headers_first(headers, TO)));
    transmit_ack(client, id, false, cseq);
    finish(client, id, &client->failed, now);
  }
}

/* A registrar that does not give a phone its own contact back has not registered that phone. */
static bool own_contact(struct client *client, uint32_t id, const struct headers *headers) {
  if (client->options->expires == 0) return true;
  char own[64];
  struct phone phone = phone_of(client, id);
  int length = snprintf(own, sizeof own, "@%s:%d", phone.address, phone.port);
  for (int i = 0; i < headers->count; i++) {
    struct span value = headers->each[i].value;
    if (headers->each[i].name == CONTACT &&
        memmem(value.at, (size_t)value.length, own, (size_t)length))
      return true;
  }
  return false;
}

static void other_response(struct client *client, uint32_t id, int status, enum method method,
                           uint32_t cseq, const struct headers *headers, uint64_t now) {
  struct session *session = &client->sessions[id];
  if (status < 200 || session->state != WAITING || session->method != method ||
      session->dialog.cseq != cseq)
    return;

  bool good = status < 300;
  if (method == BYE) {
    sample(&client->bye, session->sent_at, now);
    /* In dialog mode a call's end is not one of the requests that are counted. */
    if (good && client->dialog_mode) {
      uint64_t ended = 0;
      finish(client, id, &ended, now);
    } else {
      finish(client, id, good ? &client->done : &client->failed, now);
    }
    return;
  }
  if (session->established) {
    in_dialog_done(client, id, good ? &client->done : &client->failed, now);
    return;
  }
  sample(&client->answer, session->sent_at, now);
  if (good && method == REGISTER && !own_contact(client, id, headers)) {
    client->altered++;
    good = false;
  }
  finish(client, id, good ? &client->done : &client->failed, now);
}

static int method_named(const char *name) {
  for (int i = 0; i < METHODS; i++)
    if (!strncmp(name, method_names[i], strlen(method_names[i]))) return i;
  return -1;
}

static void response(struct client *client, const char *message, uint64_t now) {
  if (strncmp(message, "SIP/2.0 ", 8)) {
    client->unexpected++;
    return;
  }
  int status = atoi(message + 8);
  struct headers headers;
  headers_find(&headers, message);
  struct span cseq_value = headers_first(&headers, CSEQ);
  int64_t id = session_of(headers_first(&headers, CALL_ID), client->run);
  if (status < 100 || status >= MAX_STATUS || id < 0 || id >= client->started || !cseq_value.at) {
    client->unexpected++;
    return;
  }
  client->statuses[status]++;

  char *name;
  uint32_t cseq = (uint32_t)strtoul(cseq_value.at, &name, 10);
  while (*name == ' ') name++;
  int method = method_named(name);
  if (method == INVITE)
    invite_response(client, (uint32_t)id, status, cseq, &headers, now);
  else if (method >= 0)
    other_response(client, (uint32_t)id, status, (enum method)method, cseq, &headers, now);
  else
    client->unexpected++;
}

static void receive(struct client *client, long wait_ns) {
  struct timespec wait = {0, wait_ns};
  struct epoll_event events[MAX_SOCKETS];
  int ready = epoll_pwait2(client->epoll, events, MAX_SOCKETS, &wait, NULL);
  for (int i = 0; i < ready; i++) {
    int fd = client->sockets[events[i].data.u32]->fd;
    for (int round = 0; round < RECEIVE_ROUNDS; round++) {
      int count = udp_receive(fd, client->received);
      uint64_t now = monotonic_ns();
      for (int k = 0; k < count; k++) response(client, client->received->bytes[k], now);
      if (count < BATCH) break;
    }
  }
}

static void timer_due(void *context, uint32_t id, uint8_t kind, uint64_t now) {
  struct client *client = context;
  struct session *session = &client->sessions[id];
  if (kind == HANG_UP) {
    hang_up(client, id, now);
    return;
  }
  /* 500 ms, 1, 2, 4, 4 … s; a timer left by an earlier request of the session comes too early. */
  static const uint64_t since[] = {1, 3, 7, 15};
  unsigned step = session->retransmissions;
  uint64_t due = session->sent_at + T1_NS * (step < 4 ? since[step] : 15 + 8 * (step - 3));
  if (session->state != WAITING || now < due || (session->method == INVITE && session->provisional))
    return;
  if (step == MAX_RETRANSMISSIONS) {
    if (session->established && session->method != BYE)
      in_dialog_done(client, id, &client->timed_out, now);
    else
      finish(client, id, &client->timed_out, now);
    return;
  }
  session->retransmissions++;
  client->retransmissions++;
  transmit(client, id);
  wheel_add(client->wheel, due + (T1_NS << (step + 1 > 3 ? 3 : step + 1)), id, RETRANSMIT);
}

/* -------------------------------------------------------------- pacing */

/* How many more may start now. */
static long allowance(const struct client *client, double rate, long window, uint64_t now) {
  long allowed = BURST;
  if (rate > 0) {
    double due = (double)(now - client->phase_started) / 1e9 * rate + 1;
    long missing = (long)(due - (double)client->phase_starts);
    if (missing < allowed) allowed = missing;
  }
  if (window > 0 && window - client->live < allowed) allowed = window - client->live;
  return allowed;
}

static void start_sessions(struct client *client, long most, double rate, long window,
                           uint64_t now) {
  for (long n = allowance(client, rate, window, now); n > 0 && client->started < most; n--) {
    uint32_t id = (uint32_t)client->started++;
    client->live++;
    client->phase_starts++;
    begin(client, id, client->first, monotonic_ns());
  }
}

/* The next call, in turn, with no request under way; -1 when every one is busy. */
static long next_idle_call(struct client *client) {
  for (long looked = 0; looked < client->started; looked++) {
    long id = client->cursor++ % client->started;
    if (client->sessions[id].state == HELD) return id;
  }
  return -1;
}

static void start_in_dialog(struct client *client, uint64_t now) {
  static const enum method turns[] = {INFO, OPTIONS, INVITE};
  const struct options *options = client->options;
  if (options->rate == 0 && options->window == 0) return;
  for (long n = allowance(client, options->rate, options->window, now); n > 0; n--) {
    long id = next_idle_call(client);
    if (id < 0) return;
    client->live++;
    enum method method = turns[client->phase_starts++ % 3];
    begin(client, (uint32_t)id, method, monotonic_ns());
  }
}

static void end_calls(struct client *client, uint64_t now) {
  for (long n = allowance(client, client->options->open_rate, OPENING_WINDOW, now); n > 0; n--) {
    long id = next_idle_call(client);
    if (id < 0) return;
    client->live++;
    client->phase_starts++;
    begin(client, (uint32_t)id, BYE, monotonic_ns());
  }
}

static void enter(struct client *client, enum phase phase, uint64_t now) {
  client->phase = phase;
  client->phase_started = now;
  client->phase_starts = 0;
}

static long held_calls(const struct client *client) {
  long held = 0;
  for (long id = 0; id < client->started; id++) held += client->sessions[id].state == HELD;
  return held;
}

/* Says so to whoever measures: what they count begins and ends here. */
static void announce(struct client *client, const char *event) {
  printf("{\"event\":\"%s\",\"calls\":%ld}\n", event, held_calls(client));
  fflush(stdout);
}

static void pace_dialog(struct client *client, uint64_t now) {
  const struct options *options = client->options;
  switch (client->phase) {
    case OPENING:
      start_sessions(client, options->calls, options->open_rate, OPENING_WINDOW, now);
      if (client->started < options->calls || client->live > 0) return;
      announce(client, "held");
      client->start = now + SETTLE_NS;
      client->end = client->start + (uint64_t)(options->seconds * NS_PER_SECOND);
      client->give_up = client->end + (uint64_t)(options->drain_seconds * NS_PER_SECOND);
      enter(client, HOLDING, client->start);
      return;
    case HOLDING:
      if (now < client->start) return;
      if (now < client->end) {
        start_in_dialog(client, now);
      } else if (client->live == 0 || now >= client->give_up) {
        announce(client, "closing");
        client->give_up =
            now + SETTLE_NS + (uint64_t)((options->drain_seconds + 3 * (double)client->started /
                                          options->open_rate) * NS_PER_SECOND);
        enter(client, CLOSING, now + SETTLE_NS);
      }
      return;
    case CLOSING:
      if (now >= client->phase_started) end_calls(client, now);
  }
}

static void pace(struct client *client, uint64_t now) {
  const struct options *options = client->options;
  if (client->dialog_mode)
    pace_dialog(client, now);
  else if (now < client->end)
    start_sessions(client, options->count, options->rate, options->window, now);
}

static bool finished(const struct client *client, uint64_t now) {
  if (stop_requested || now >= client->give_up) return true;
  if (client->live > 0) return false;
  if (client->dialog_mode)
    return client->phase == CLOSING && now > client->phase_started && held_calls(client) == 0;
  return now >= client->end || client->started == client->options->count;
}

/* Until the next start is due by rate, at most a millisecond. */
static long wait_for(const struct client *client) {
  double rate = client->options->rate;
  if (rate == 0 || client->phase == CLOSING) return NS_PER_MS;
  double wait = (double)client->phase_starts / rate * 1e9 + (double)client->phase_started -
                (double)monotonic_ns();
  return wait < 0 ? 0 : wait > NS_PER_MS ? (long)NS_PER_MS : (long)wait;
}

/* ----------------------------------------------------------- the result */

static int ascending(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static double percentile(const struct samples *samples, double part) {
  size_t at = (size_t)(part * (double)samples->count);
  return samples->values[at < samples->count ? at : samples->count - 1];
}

static void print_samples(const char *name, struct samples *samples, bool *first) {
  if (!samples->count) return;
  qsort(samples->values, samples->count, sizeof *samples->values, ascending);
  printf("%s\"%s\":{\"count\":%zu,\"p50Ms\":%.4f,\"p95Ms\":%.4f,\"p99Ms\":%.4f,\"maxMs\":%.4f}",
         *first ? "" : ",", name, samples->count, percentile(samples, 0.5),
         percentile(samples, 0.95), percentile(samples, 0.99), percentile(samples, 1));
  *first = false;
}

static void print_result(struct client *client, uint64_t now, double cpu) {
  uint64_t until = client->dialog_mode || now > client->end ? client->end : now;
  if (client->started == client->options->count && client->last_done < until)
    until = client->last_done;
  double seconds = until > client->start ? (double)(until - client->start) / 1e9 : 0;
  uint64_t units = client->dialog_mode ? client->done + client->failed + client->timed_out
                                       : (uint64_t)client->started;
  uint64_t send_errors = 0;
  for (long i = 0; i < client->options->sockets; i++)
    send_errors += client->sockets[i]->send_errors;

  printf("{\"mode\":\"%s\",\"seconds\":%.3f,\"started\":%ld,\"done\":%" PRIu64
         ",\"failed\":%" PRIu64 ",\"timedOut\":%" PRIu64 ",\"success\":%.6f,\"perSecond\":%.1f",
         client->mode, seconds, client->started, client->done, client->failed,
         units - client->done - client->failed, units ? (double)client->done / (double)units : 0,
         seconds > 0 ? (double)client->done_in_time / seconds : 0);
  printf(",\"retransmissions\":%" PRIu64 ",\"unexpected\":%" PRIu64 ",\"altered\":%" PRIu64
         ",\"sendErrors\":%" PRIu64 ",\"latency\":{",
         client->retransmissions, client->unexpected, client->altered, send_errors);
  bool first = true;
  print_samples("ringing", &client->ringing, &first);
  print_samples("answer", &client->answer, &first);
  print_samples("request", &client->request, &first);
  print_samples("bye", &client->bye, &first);
  printf("},\"statuses\":{");
  first = true;
  for (int status = 100; status < MAX_STATUS; status++) {
    if (!client->statuses[status]) continue;
    printf("%s\"%d\":%" PRIu64, first ? "" : ",", status, client->statuses[status]);
    first = false;
  }
  printf("},\"cpuSeconds\":%.3f}\n", cpu);
}

/* ------------------------------------------------------------------ run */

static void open_sockets(struct client *client) {
  const struct options *options = client->options;
  client->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (client->epoll < 0) fail("epoll_create1");
  for (long i = 0; i < options->sockets; i++) {
    struct sockaddr_in local = options->bind;
    if (local.sin_port) local.sin_port = htons((uint16_t)(ntohs(local.sin_port) + i));
    client->sockets[i] = udp_open(local);
    struct epoll_event readable = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    if (epoll_ctl(client->epoll, EPOLL_CTL_ADD, client->sockets[i]->fd, &readable))
      fail("epoll_ctl");
  }
}

static bool acceptable(const struct options *options, bool dialog_mode) {
  const char *problem = NULL;
  if (options->sockets < 1 || options->sockets > MAX_SOCKETS)
    problem = "--sockets: 1 to 64";
  else if (options->users < 1)
    problem = "--users: 1 or more";
  else if (!dialog_mode && options->rate == 0 && options->window == 0)
    problem = "--rate or --window is required";
  else if (dialog_mode && (options->calls < 1 || options->calls > MAX_SESSIONS))
    problem = "--calls: 1 to 4194304";
  else if (dialog_mode && options->open_rate == 0)
    problem = "--open-rate: more than 0";
  if (problem) fprintf(stderr, "%s\n", problem);
  return !problem;
}

int run_client(const char *mode, const struct options *given) {
  bool dialog_mode = !strcmp(mode, "dialog");
  if (!acceptable(given, dialog_mode)) return 2;
  struct options options = *given;
  if (options.count == 0 || options.count > MAX_SESSIONS) options.count = MAX_SESSIONS;
  /* A count without a time lasts as long as it takes. */
  if (options.seconds == 0) options.seconds = given->count ? 3600 : 5;

  struct client *client = must(calloc(1, sizeof *client));
  client->mode = mode;
  client->options = &options;
  client->dialog_mode = dialog_mode;
  client->first = !strcmp(mode, "reg") ? REGISTER : !strcmp(mode, "opt") ? OPTIONS : INVITE;
  client->received = must(malloc(sizeof *client->received));
  client->sessions = must(calloc((size_t)MAX_SESSIONS, sizeof *client->sessions));
  inet_ntop(AF_INET, &options.bind.sin_addr, client->address, sizeof client->address);
  open_sockets(client);

  uint64_t now = monotonic_ns();
  client->run = (uint32_t)(now ^ now >> 32) * 2654435761u;
  client->wheel = wheel_new(now);
  client->start = now;
  client->end = now + (uint64_t)(options.seconds * NS_PER_SECOND);
  client->give_up =
      dialog_mode ? UINT64_MAX
                  : client->end + (uint64_t)(options.drain_seconds * NS_PER_SECOND);
  enter(client, OPENING, now);

  double cpu_before = cpu_seconds();
  while (!finished(client, now = monotonic_ns())) {
    pace(client, now);
    for (long i = 0; i < options.sockets; i++) udp_flush(client->sockets[i]);
    receive(client, wait_for(client));
    wheel_advance(client->wheel, monotonic_ns(), timer_due, client);
    for (long i = 0; i < options.sockets; i++) udp_flush(client->sockets[i]);
  }
  print_result(client, now, cpu_seconds() - cpu_before);
  return 0;
}
