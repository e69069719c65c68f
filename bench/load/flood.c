/* Datagrams without state: as fast as asked, from one source or from very many. */
#include "load.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VARIANTS 256
#define VARIANT_BYTES 1600
#define JUNK_BYTES 400
#define MAX_PORTS 256
/* With a rate, batches this much shorter than a second keep the flow even. */
#define BATCHES_PER_SECOND 4000
/* Sleeping shorter than this overshoots: the rest is spent spinning. */
#define SPIN_NS 60000

struct flood {
  int fds[MAX_PORTS];
  char bytes[VARIANTS][VARIANT_BYTES];
  int lengths[VARIANTS];
};

static int write_junk(char *into) {
  for (int i = 0; i < JUNK_BYTES; i++) into[i] = (char)rand();
  into[0] = (char)0x80;
  return JUNK_BYTES;
}

static int write_attack(char *into, const char *kind, const char *source, int user) {
  struct text text = {into, 0, VARIANT_BYTES};
  const char *method = !strcmp(kind, "invite")    ? "INVITE"
                       : !strcmp(kind, "options") ? "OPTIONS"
                                                  : "REGISTER";
  const char *agent =
      !strcmp(kind, "scanner") ? "friendly-scanner" : "Yealink SIP-T46S 66.85.0.5";
  text_add(&text,
           "%s sip:%d@edge.example.com SIP/2.0\r\n"
           "Via: SIP/2.0/UDP %s:15060;branch=z9hG4bK-%08x%08x;rport\r\n"
           "Max-Forwards: 70\r\n"
           "From: <sip:%d@edge.example.com>;tag=%08x\r\n"
           "To: <sip:%d@edge.example.com>\r\n"
           "Call-ID: %08x%08x@%s\r\n"
           "CSeq: 1 %s\r\n",
           method, user, source, rand(), rand(), user, rand(), user, rand(), rand(), source,
           method);
  text_add(&text,
           "Contact: <sip:%d@%s:15060>\r\n"
           "Expires: 3600\r\n"
           "User-Agent: %s\r\n"
           "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY, REFER, UPDATE, MESSAGE\r\n"
           "Supported: path, outbound\r\n"
           "Content-Length: 0\r\n\r\n",
           user, source, agent);
  return text.length;
}

static void prepare(struct flood *flood, const struct options *options) {
  static const char *const known[] = {"register", "scanner", "invite", "options", "junk"};
  size_t kind = 0;
  while (kind < sizeof known / sizeof *known && strcmp(known[kind], options->kind)) kind++;
  if (kind == sizeof known / sizeof *known) {
    fprintf(stderr, "--kind: register, scanner, invite, options or junk\n");
    exit(2);
  }
  char source[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, &options->bind.sin_addr, source, sizeof source);
  srand(42);
  for (int i = 0; i < VARIANTS; i++)
    flood->lengths[i] = !strcmp(options->kind, "junk")
                            ? write_junk(flood->bytes[i])
                            : write_attack(flood->bytes[i], options->kind, source, 1000 + i);

  struct sockaddr_in local = options->bind;
  if (options->sources > 1) local.sin_addr.s_addr = INADDR_ANY;
  for (long i = 0; i < options->source_ports; i++) {
    flood->fds[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (flood->fds[i] < 0) fail("socket");
    if (bind(flood->fds[i], (struct sockaddr *)&local, sizeof local)) fail("bind");
  }
}

/* The source address of one datagram: any address of 127/8 may be one (IP_PKTINFO, ip(7)). */
static void set_source(struct msghdr *message, void *control, size_t room, uint32_t address) {
  message->msg_control = control;
  message->msg_controllen = room;
  struct cmsghdr *header = CMSG_FIRSTHDR(message);
  header->cmsg_level = IPPROTO_IP;
  header->cmsg_type = IP_PKTINFO;
  header->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
  struct in_pktinfo info = {.ipi_spec_dst = {.s_addr = htonl(address)}};
  memcpy(CMSG_DATA(header), &info, sizeof info);
}

/* True when it is too early for the next batch; it then waited, or the caller spins. */
static bool ahead_of(double rate, uint64_t sent, uint64_t elapsed) {
  double ahead_ns = ((double)sent / rate) * 1e9 - (double)elapsed;
  if (rate == 0 || ahead_ns <= 0) return false;
  if (ahead_ns > SPIN_NS) {
    if (ahead_ns > 50e6) ahead_ns = 50e6;
    struct timespec pause = {0, (long)(ahead_ns - SPIN_NS)};
    nanosleep(&pause, NULL);
  }
  return true;
}

int run_flood(const struct options *options) {
  if (options->source_ports < 1 || options->source_ports > MAX_PORTS || options->sources < 1) {
    fprintf(stderr, "--source-ports: 1 to %d; --sources: 1 or more\n", MAX_PORTS);
    return 2;
  }
  struct flood *flood = must(calloc(1, sizeof *flood));
  prepare(flood, options);

  struct mmsghdr headers[BATCH] = {0};
  struct iovec vectors[BATCH];
  char controls[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
  memset(controls, 0, sizeof controls);
  struct sockaddr_in to = options->to;
  uint32_t net = ntohl(options->source_net.sin_addr.s_addr);
  int batch = BATCH;
  if (options->rate > 0 && options->rate / BATCHES_PER_SECOND < BATCH)
    batch = (int)(options->rate / BATCHES_PER_SECOND) + 1;

  uint64_t start = monotonic_ns(), now = start, sent = 0, errors = 0, next = 0, turns = 0;
  uint64_t length_ns =
      (uint64_t)((options->seconds > 0 ? options->seconds : 5) * NS_PER_SECOND);
  double cpu_before = cpu_seconds();
  while (!stop_requested && (now = monotonic_ns()) - start < length_ns) {
    if (ahead_of(options->rate, sent, now - start)) continue;
    for (int i = 0; i < batch; i++, next++) {
      uint64_t variant = next % VARIANTS;
      vectors[i] = (struct iovec){flood->bytes[variant], (size_t)flood->lengths[variant]};
      headers[i].msg_hdr = (struct msghdr){
          .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &vectors[i], .msg_iovlen = 1};
      if (options->sources > 1)
        set_source(&headers[i].msg_hdr, controls[i], sizeof controls[i],
                   net + (uint32_t)(next % (uint64_t)options->sources) + 1);
    }
    int fd = flood->fds[turns++ % (uint64_t)options->source_ports];
    int count = sendmmsg(fd, headers, (unsigned)batch, 0);
    if (count < 0)
      errors++;
    else
      sent += (uint64_t)count;
  }

  double seconds = (double)(monotonic_ns() - start) / 1e9;
  printf("{\"mode\":\"blast\",\"kind\":\"%s\",\"bytes\":%d,\"sent\":%" PRIu64 ",\"errors\":%" PRIu64
         ",\"perSecond\":%.0f,\"seconds\":%.3f,\"cpuSeconds\":%.3f}\n",
         options->kind, flood->lengths[0], sent, errors, (double)sent / seconds, seconds,
         cpu_seconds() - cpu_before);
  return 0;
}
