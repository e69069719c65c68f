#include "load.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define SOCKET_BUFFER_BYTES (8 << 20)

struct udp *udp_open(struct sockaddr_in local) {
  struct udp *udp = must(calloc(1, sizeof *udp));
  udp->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (udp->fd < 0) fail("socket");

  /* The forced form needs root; without it the kernel grants what net.core.rmem_max allows. */
  int bytes = SOCKET_BUFFER_BYTES;
  if (setsockopt(udp->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes))
    setsockopt(udp->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  if (setsockopt(udp->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes))
    setsockopt(udp->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);

  if (bind(udp->fd, (struct sockaddr *)&local, sizeof local)) fail("bind");
  socklen_t length = sizeof local;
  if (getsockname(udp->fd, (struct sockaddr *)&local, &length)) fail("getsockname");
  udp->port = ntohs(local.sin_port);
  return udp;
}

char *udp_next(struct udp *udp) { return udp->bytes[udp->waiting]; }

void udp_queue(struct udp *udp, int length, const struct sockaddr_in *to) {
  int slot = udp->waiting++;
  udp->destinations[slot] = *to;
  udp->vectors[slot] = (struct iovec){udp->bytes[slot], (size_t)length};
  udp->headers[slot] = (struct mmsghdr){
      .msg_hdr = {.msg_name = &udp->destinations[slot],
                  .msg_namelen = sizeof udp->destinations[slot],
                  .msg_iov = &udp->vectors[slot],
                  .msg_iovlen = 1},
  };
  if (udp->waiting == BATCH) udp_flush(udp);
}

void udp_flush(struct udp *udp) {
  int sent = 0;
  while (sent < udp->waiting) {
    int more = sendmmsg(udp->fd, udp->headers + sent, (unsigned)(udp->waiting - sent), 0);
    if (more >= 0) {
      sent += more;
    } else if (errno == EAGAIN || errno == ENOBUFS) {
      struct pollfd writable = {.fd = udp->fd, .events = POLLOUT};
      poll(&writable, 1, 1);
    } else if (errno != EINTR) {
      /* Mostly ECONNREFUSED, left over from an earlier datagram: this one is lost, as on a network. */
      udp->send_errors++;
      sent++;
    }
  }
  udp->waiting = 0;
}

int udp_receive(int fd, struct received *into) {
  for (int i = 0; i < BATCH; i++) {
    into->vectors[i] = (struct iovec){into->bytes[i], RECEIVE_BYTES - 1};
    into->headers[i] = (struct mmsghdr){
        .msg_hdr = {.msg_name = &into->sources[i],
                    .msg_namelen = sizeof into->sources[i],
                    .msg_iov = &into->vectors[i],
                    .msg_iovlen = 1},
    };
  }
  int count = recvmmsg(fd, into->headers, BATCH, MSG_DONTWAIT, NULL);
  if (count < 0) return 0;
  for (int i = 0; i < count; i++) into->bytes[i][into->headers[i].msg_len] = 0;
  return count;
}
