// echo-load KIND WHERE SIZE CONNECTIONS SECONDS: loads an echo server, and makes sure that what comes back is what was
// sent. KIND is tcp or udp (WHERE is a port of 127.0.0.1) or unix (WHERE is a path). Every connection has one message
// under way at a time.
//
// Once every connection has had its first echo it says "ready" and waits for a line; it says "counted N" after the
// seconds and waits for another. The server can be measured in between, without connections that come and go.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MOST_EVENTS = 256, BUFFER = 1 << 18, PATIENCE_MILLISECONDS = 5000 };

struct connection {
    int descriptor;
    size_t sent, received;
    uint64_t messages;
    const char *message;
};

static char input[BUFFER];
static char *pattern;
static size_t size, connection_count;
static struct connection *connections;
static bool is_datagram;
static uint64_t counted;

static void stop(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Each message is another window of noise, so that an echo that is late, early or another connection's is noticed.
static void fill_pattern(void) {
    uint64_t state = 88172645463325252u;
    pattern = malloc(2 * size);
    if (!pattern) stop("malloc");
    for (size_t i = 0; i < 2 * size; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        pattern[i] = (char)state;
    }
}

static int connected(const char *kind, const char *where) {
    struct sockaddr_in internet = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr *address = (struct sockaddr *)&internet;
    socklen_t length = sizeof internet;
    int family = AF_INET;
    if (!strcmp(kind, "unix")) {
        strncpy(local.sun_path, where, sizeof local.sun_path - 1);
        address = (struct sockaddr *)&local, length = sizeof local, family = AF_UNIX;
    } else {
        internet.sin_port = htons((uint16_t)atoi(where));
    }
    int descriptor = socket(family, is_datagram ? SOCK_DGRAM : SOCK_STREAM, 0);
    if (descriptor < 0) stop("socket");
    if (connect(descriptor, address, length) < 0) stop("connect");
    int one = 1;
    if (!strcmp(kind, "tcp")) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return descriptor;
}

static void send_rest(struct connection *c) {
    while (c->sent < size) {
        ssize_t count = send(c->descriptor, c->message + c->sent, size - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN) return;
        if (count < 0) stop("send");
        c->sent += (size_t)count;
    }
}

static void begin_message(struct connection *c) {
    uint64_t number = (uint64_t)(c - connections) * 7919 + c->messages * 104729;
    c->message = pattern + number % size;
    c->sent = c->received = 0;
    send_rest(c);
}

// Takes what is there; true when that completed the echo.
static bool take_echo(struct connection *c) {
    while (c->received < size) {
        size_t rest = size - c->received;
        size_t most = is_datagram || rest + 1 > BUFFER ? BUFFER : rest + 1;
        ssize_t count = recv(c->descriptor, input, most, MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN) return false;
        if (count < 0) stop("recv");
        if (count == 0) fprintf(stderr, "the server closed a connection\n"), exit(1);
        if ((size_t)count > rest || memcmp(input, c->message + c->received, (size_t)count) ||
            c->received + (size_t)count > c->sent || (is_datagram && (size_t)count != size)) {
            fprintf(stderr, "what came back is not what was sent\n");
            exit(1);
        }
        c->received += (size_t)count;
        // A receive that did not fill the buffer took all there was.
        if ((size_t)count < most) break;
    }
    return c->received == size;
}

// Echoes until every connection is idle: one message each, or as many as begin before the deadline.
static void echo(int poller, uint64_t deadline) {
    size_t busy = connection_count;
    for (size_t i = 0; i < connection_count; i++) begin_message(&connections[i]);
    while (busy) {
        struct epoll_event events[MOST_EVENTS];
        int ready = epoll_wait(poller, events, MOST_EVENTS, PATIENCE_MILLISECONDS);
        if (ready < 0 && errno != EINTR) stop("epoll_wait");
        if (ready == 0) fprintf(stderr, "%zu messages never came back\n", busy), exit(1);
        bool goes_on = now() < deadline;
        for (int i = 0; i < ready; i++) {
            struct connection *c = events[i].data.ptr;
            if (c->sent < size) send_rest(c);
            if (c->received == size || !take_echo(c)) continue;
            c->messages++, counted++;
            if (goes_on) begin_message(c);
            else busy--;
        }
    }
}

static void wait_for_line(void) {
    fflush(stdout);
    for (int c = getchar(); c != '\n' && c != EOF; c = getchar()) continue;
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: echo-load tcp|udp|unix PORT|PATH SIZE CONNECTIONS SECONDS\n");
        return 2;
    }
    is_datagram = !strcmp(argv[1], "udp");
    size = strtoul(argv[3], NULL, 10);
    connection_count = strtoul(argv[4], NULL, 10);
    fill_pattern();
    connections = calloc(connection_count, sizeof *connections);
    if (!size || !connections) stop("calloc");

    int poller = epoll_create1(0);
    for (size_t i = 0; i < connection_count; i++) {
        struct connection *c = &connections[i];
        c->descriptor = connected(argv[1], argv[2]);
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, c->descriptor, &event) < 0) stop("epoll_ctl");
    }
    echo(poller, 0);
    puts("ready");
    wait_for_line();
    counted = 0;
    echo(poller, now() + (uint64_t)(atof(argv[5]) * 1e9));
    printf("counted %llu\n", (unsigned long long)counted);
    wait_for_line();
}
