// echo-null tcp|unix|udp PORT|PATH: what an echo server on epoll cannot get below: a recv and a send for each readable
// event and nothing else. No server that makes the same system calls can do better than this by more than noise.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MOST_EVENTS = 256, MOST_DESCRIPTORS = 20000, BUFFER = 131072 - 64, DATAGRAMS_IN_A_ROW = 64 };

static char input[BUFFER];
static int poller;

// What the kernel did not take of an echo; nothing more is read from the connection meanwhile.
static struct rest {
    char *bytes;
    size_t count;
} rests[MOST_DESCRIPTORS];

static void stop(const char *what) {
    perror(what);
    exit(1);
}

static void echo_stream(int connection) {
    struct rest *rest = &rests[connection];
    ssize_t received = 0, sent;
    do {
        if (rest->count) {
            sent = send(connection, rest->bytes, rest->count, MSG_NOSIGNAL);
            if (sent < 0 && errno == EAGAIN) return;
            if (sent < 0) break;
            memmove(rest->bytes, rest->bytes + sent, rest->count -= (size_t)sent);
            if (rest->count) return;
        }
        received = recv(connection, input, sizeof input, 0);
        if (received < 0 && errno == EAGAIN) return;
        if (received <= 0) break;
        sent = send(connection, input, (size_t)received, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) break;
        if (sent < received) {
            size_t taken = sent < 0 ? 0 : (size_t)sent;
            rest->count = (size_t)received - taken;
            rest->bytes = realloc(rest->bytes, rest->count);
            memcpy(rest->bytes, input + taken, rest->count);
            return;
        }
        if (received < (ssize_t)sizeof input) return;
    } while (1);
    rest->count = 0;
    close(connection);
}

static void echo_datagrams(int socket) {
    for (int i = 0; i < DATAGRAMS_IN_A_ROW; i++) {
        struct sockaddr_in peer;
        socklen_t length = sizeof peer;
        ssize_t count = recvfrom(socket, input, sizeof input, 0, (struct sockaddr *)&peer, &length);
        if (count < 0) return;
        sendto(socket, input, (size_t)count, 0, (struct sockaddr *)&peer, length);
    }
}

static int bound(const char *kind, const char *where) {
    int one = 1;
    struct sockaddr_in internet = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(where)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    strncpy(local.sun_path, where, sizeof local.sun_path - 1);
    int is_unix = !strcmp(kind, "unix"), is_udp = !strcmp(kind, "udp");
    int descriptor = socket(is_unix ? AF_UNIX : AF_INET, (is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK, 0);
    if (!is_unix) setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (is_unix ? bind(descriptor, (struct sockaddr *)&local, sizeof local)
                : bind(descriptor, (struct sockaddr *)&internet, sizeof internet))
        stop("bind");
    if (!is_udp && listen(descriptor, 4096) < 0) stop("listen");
    return descriptor;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: echo-null tcp|unix|udp PORT|PATH\n");
        return 2;
    }
    int socket = bound(argv[1], argv[2]), is_udp = !strcmp(argv[1], "udp"), one = 1;
    poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = socket};
    epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event);
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[MOST_EVENTS];
        int ready = epoll_wait(poller, events, MOST_EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd != socket) {
                echo_stream(events[i].data.fd);
            } else if (is_udp) {
                echo_datagrams(socket);
            } else {
                int connection;
                while ((connection = accept4(socket, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    if (connection >= MOST_DESCRIPTORS) stop("too many connections");
                    if (argv[1][0] == 't') setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                    event = (struct epoll_event){.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = connection};
                    epoll_ctl(poller, EPOLL_CTL_ADD, connection, &event);
                }
            }
        }
    }
}
