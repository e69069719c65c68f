/*
 * sipload: a SIP load generator for UDP that costs far less than what it measures.
 *
 *   main.c      command line, clocks
 *   udp.c       sockets, batched sending and receiving
 *   timers.c    a timer wheel
 *   sip.c       finding headers in a received message, writing one to be sent
 *   requests.c  the requests a phone sends
 *   uas.c       the PBX behind the edge: answers everything
 *   client.c    the phones in front of it: registrations, calls, requests within calls
 *   flood.c     datagrams without state, from one source or very many
 */
#ifndef LOAD_H
#define LOAD_H

#define _GNU_SOURCE /* sendmmsg, recvmmsg, epoll_pwait2, memmem; so this comes before any other header */

#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* ---------------------------------------------------------------- main.c */

#define NS_PER_MS 1000000ull
#define NS_PER_SECOND 1000000000ull

/* What the command line says. A rate or window of 0 means: not given. */
struct options {
  struct sockaddr_in to;
  struct sockaddr_in bind;
  double rate;       /* open loop: starts per second, whatever comes back */
  long window;       /* closed loop: at most so many under way */
  double seconds;
  double drain_seconds; /* how long to wait for what is still under way */
  long count;        /* start no more than so many */
  long sockets;
  bool knows_users;  /* uas: others are challenged */
  long users;
  long first_user;   /* the number of the first */
  long expires;
  double hold_ms;    /* call: between the answer and the BYE */
  long calls;        /* dialog: calls held open */
  double open_rate;  /* dialog: calls opened, and ended, per second */
  bool no_ringing;
  struct sockaddr_in source_net;
  long sources;
  long source_ports;
  const char *kind;
};

extern volatile sig_atomic_t stop_requested;

uint64_t monotonic_ns(void);
double cpu_seconds(void);
/* Says what failed, with errno, and exits. */
_Noreturn void fail(const char *what);
void *must(void *allocated);

int run_uas(const struct options *options);
int run_client(const char *mode, const struct options *options);
int run_flood(const struct options *options);

/* ----------------------------------------------------------------- udp.c */

#define BATCH 64
#define SEND_BYTES 4096
#define RECEIVE_BYTES 8192

/* A socket with a batch of datagrams waiting to leave in one system call. */
struct udp {
  int fd;
  int port;
  int waiting;
  uint64_t send_errors;
  struct mmsghdr headers[BATCH];
  struct iovec vectors[BATCH];
  struct sockaddr_in destinations[BATCH];
  char bytes[BATCH][SEND_BYTES];
};

/* What one system call received: each datagram ends in a NUL. */
struct received {
  struct mmsghdr headers[BATCH];
  struct iovec vectors[BATCH];
  struct sockaddr_in sources[BATCH];
  char bytes[BATCH][RECEIVE_BYTES];
};

struct udp *udp_open(struct sockaddr_in local);
/* Room for the next datagram; `udp_queue` says that it was filled. */
char *udp_next(struct udp *udp);
void udp_queue(struct udp *udp, int length, const struct sockaddr_in *to);
void udp_flush(struct udp *udp);
/* The number of datagrams received, 0 when none waits. */
int udp_receive(int fd, struct received *into);

/* -------------------------------------------------------------- timers.c */

struct wheel;
typedef void (*timer_fired)(void *context, uint32_t id, uint8_t kind, uint64_t now);

struct wheel *wheel_new(uint64_t now);
/* Fires once, up to 5 ms late. There is no cancelling: what fires must see whether it still matters. */
void wheel_add(struct wheel *wheel, uint64_t due, uint32_t id, uint8_t kind);
void wheel_advance(struct wheel *wheel, uint64_t now, timer_fired fired, void *context);

/* ----------------------------------------------------------------- sip.c */

struct span {
  const char *at;
  int length;
};

enum header {
  VIA,
  RECORD_ROUTE,
  FROM,
  TO,
  CALL_ID,
  CSEQ,
  CONTACT,
  PATH,
  EXPIRES,
  OTHER,
};

#define MAX_HEADERS 48

/* The headers of one message that anyone here asks for, in order, found in one pass. */
struct headers {
  int count;
  struct {
    enum header name;
    struct span line; /* with its CRLF */
    struct span value;
  } each[MAX_HEADERS];
};

void headers_find(struct headers *headers, const char *message);
/* The first value of that header; a NULL `at` when there is none. */
struct span headers_first(const struct headers *headers, enum header name);
/* The value of the tag parameter, or a NULL `at`. */
struct span tag_of(struct span from_or_to);
char *span_copy(struct span span);

/* A message being written. It never writes past its end; one that does not fit is an error of ours. */
struct text {
  char *at;
  int length;
  int room;
};

__attribute__((format(printf, 2, 3))) void text_add(struct text *text, const char *format, ...);
void text_add_span(struct text *text, struct span span);

/* ------------------------------------------------------------ requests.c */

/* What a client knows of a call or registration when it writes a request. */
struct dialog {
  char *routes; /* Route headers, ready to be written; NULL for none */
  char *to_tag;
  char *remote_target;
  uint32_t cseq; /* of the last request sent */
};

struct phone {
  const char *address;
  int port;
  uint32_t run; /* tells this run's messages from those of any other */
  uint32_t session;
  uint32_t user;
  long expires;
};

enum method { REGISTER, OPTIONS, INVITE, INFO, BYE, METHODS };
extern const char *const method_names[METHODS];

/* A request, in the dialog once `dialog` has a To tag. */
int write_request(char *into, enum method method, const struct phone *phone,
                  const struct dialog *dialog);
/* Ends the INVITE transaction: by itself after a 2xx, within the INVITE's own (§17.1.1.3) otherwise. */
int write_ack(char *into, bool answered, const struct phone *phone, const struct dialog *dialog);

/* The session a Call-ID of ours names, or -1 when it is not of this run. */
int64_t session_of(struct span call_id, uint32_t run);

#endif
