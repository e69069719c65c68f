#include "load.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "sipload uas   --bind IP:PORT [--seconds N] [--no-ringing] [--knows-users]\n"
    "sipload reg   --to IP:PORT [--bind IP:PORT] (--rate N | --window N) [--seconds N] [--count N]\n"
    "              [--expires SECONDS] [--users N] [--first-user N] [--sockets N]\n"
    "sipload opt   the same with OPTIONS to the edge itself\n"
    "sipload call  the same with calls, and [--hold MS]\n"
    "sipload dialog --to IP:PORT --calls N [--open-rate N] [--rate N | --window N] [--seconds N]\n"
    "              holds calls open; INFO, OPTIONS and re-INVITE within them, none without rate and window\n"
    "sipload blast --to IP:PORT [--source IP] [--sources N --source-net IP] [--source-ports N]\n"
    "              [--rate N] [--seconds N] --kind register|scanner|invite|options|junk\n"
    "With --bind and a port, socket K of a client has that port plus K. Results: one JSON line.\n";

volatile sig_atomic_t stop_requested;

static void request_stop(int signal_number) {
  (void)signal_number;
  stop_requested = 1;
}

uint64_t monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

double cpu_seconds(void) {
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

_Noreturn void fail(const char *what) {
  perror(what);
  exit(1);
}

void *must(void *allocated) {
  if (!allocated) fail("allocating memory");
  return allocated;
}

static _Noreturn void refuse(const char *option, const char *problem) {
  fprintf(stderr, "%s: %s\n\n%s", option, problem, usage);
  exit(2);
}

static struct sockaddr_in parse_address(const char *option, const char *text) {
  char host[INET_ADDRSTRLEN];
  struct sockaddr_in address = {.sin_family = AF_INET};
  const char *colon = strchr(text, ':');
  size_t length = colon ? (size_t)(colon - text) : strlen(text);
  if (length >= sizeof host) refuse(option, "not an IPv4 address");
  memcpy(host, text, length);
  host[length] = 0;
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) refuse(option, "not an IPv4 address");
  if (colon) {
    char *end;
    long port = strtol(colon + 1, &end, 10);
    if (*end || end == colon + 1 || port < 0 || port > 65535) refuse(option, "not a port");
    address.sin_port = htons((uint16_t)port);
  }
  return address;
}

static double parse_number(const char *option, const char *text) {
  char *end;
  double number = strtod(text, &end);
  if (*end || end == text || !(number >= 0)) refuse(option, "not a number of 0 or more");
  return number;
}

static void parse_options(struct options *options, int count, char **arguments) {
  const struct {
    const char *name;
    enum { ADDRESS, NUMBER, WHOLE, TEXT, FLAG } type;
    void *into;
  } known[] = {
      {"--to", ADDRESS, &options->to},
      {"--bind", ADDRESS, &options->bind},
      {"--source", ADDRESS, &options->bind},
      {"--source-net", ADDRESS, &options->source_net},
      {"--rate", NUMBER, &options->rate},
      {"--seconds", NUMBER, &options->seconds},
      {"--drain", NUMBER, &options->drain_seconds},
      {"--hold", NUMBER, &options->hold_ms},
      {"--open-rate", NUMBER, &options->open_rate},
      {"--window", WHOLE, &options->window},
      {"--count", WHOLE, &options->count},
      {"--sockets", WHOLE, &options->sockets},
      {"--users", WHOLE, &options->users},
      {"--first-user", WHOLE, &options->first_user},
      {"--expires", WHOLE, &options->expires},
      {"--calls", WHOLE, &options->calls},
      {"--sources", WHOLE, &options->sources},
      {"--source-ports", WHOLE, &options->source_ports},
      {"--kind", TEXT, &options->kind},
      {"--no-ringing", FLAG, &options->no_ringing},
      {"--knows-users", FLAG, &options->knows_users},
  };
  for (int i = 0; i < count; i++) {
    const char *option = arguments[i];
    size_t k = 0;
    while (k < sizeof known / sizeof *known && strcmp(known[k].name, option)) k++;
    if (k == sizeof known / sizeof *known) refuse(option, "no such option");
    if (known[k].type == FLAG) {
      *(bool *)known[k].into = true;
      continue;
    }
    if (++i == count) refuse(option, "needs a value");
    if (known[k].type == ADDRESS)
      *(struct sockaddr_in *)known[k].into = parse_address(option, arguments[i]);
    else if (known[k].type == NUMBER)
      *(double *)known[k].into = parse_number(option, arguments[i]);
    else if (known[k].type == WHOLE)
      *(long *)known[k].into = (long)parse_number(option, arguments[i]);
    else
      *(const char **)known[k].into = arguments[i];
  }
}

int main(int count, char **arguments) {
  signal(SIGINT, request_stop);
  signal(SIGTERM, request_stop);
  signal(SIGPIPE, SIG_IGN);
  if (count < 2) refuse("sipload", "needs a mode");

  const char *mode = arguments[1];
  struct options options = {
      .bind = parse_address("--bind", "127.0.0.1:0"),
      .source_net = parse_address("--source-net", "127.66.0.0"),
      .drain_seconds = 5,
      .sockets = 1,
      .users = 100000,
      .expires = 3600,
      .calls = 1000,
      .open_rate = 1000,
      .sources = 1,
      .source_ports = 1,
      .kind = "register",
  };
  parse_options(&options, count - 2, arguments + 2);

  if (!strcmp(mode, "uas")) return run_uas(&options);
  if (!options.to.sin_port) refuse("--to", "is required");
  if (!strcmp(mode, "blast")) return run_flood(&options);
  if (!strcmp(mode, "reg") || !strcmp(mode, "opt") || !strcmp(mode, "call") ||
      !strcmp(mode, "dialog"))
    return run_client(mode, &options);
  refuse(mode, "no such mode");
}
