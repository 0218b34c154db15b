// paced-load PORT PATH CONNECTIONS RATE SECONDS: requests at a fixed rate, whatever becomes of those before. The n-th
// request belongs to connection n mod CONNECTIONS and is due n / RATE seconds after the start; its latency counts from
// then, also when the connection was still busy with the one before: what a slow answer delays is not left out.
//
// Prints "counted REQUESTS P50 P99 P999 MAX", in nanoseconds, to within 1 %.
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
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_EVENTS = 256, BUFFER = 65536, FINE_BITS = 7, FINE = 1 << FINE_BITS, PATIENCE_SECONDS = 10 };

struct connection {
    int descriptor;
    bool is_busy;
    uint64_t begun;     // requests sent on this connection
    size_t received;    // bytes of the response
};

static char input[BUFFER], request[4096];
static size_t request_length, response_length, connection_count;
static struct connection *connections;
static uint64_t start, due_count;
static double nanoseconds_each;
static uint64_t histogram[64 * FINE], answered;

static void stop(const char *what) {
    perror(what);
    exit(1);
}

static void refuse(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Buckets are exact below 2 * FINE, and a FINE-th of a power of two wide above.
static size_t bucket_of(uint64_t value) {
    if (value < 2 * FINE) return (size_t)value;
    int shift = 63 - __builtin_clzll(value) - FINE_BITS;
    return (size_t)shift * FINE + (size_t)(value >> shift);
}

static uint64_t value_of(size_t bucket) {
    if (bucket < 2 * FINE) return bucket;
    size_t shift = bucket / FINE - 1;
    return (uint64_t)(bucket - shift * FINE) << shift;
}

static uint64_t percentile(double part) {
    uint64_t seen = 0, wanted = (uint64_t)((double)answered * part);
    for (size_t i = 0; i < sizeof histogram / sizeof *histogram; i++) {
        seen += histogram[i];
        if (seen > wanted) return value_of(i);
    }
    return 0;
}

static uint64_t number_of_next(const struct connection *c) {
    return c->begun * connection_count + (uint64_t)(c - connections);
}

static uint64_t due(uint64_t number) { return start + (uint64_t)((double)number * nanoseconds_each); }

static void send_request(struct connection *c) {
    if (send(c->descriptor, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length) stop("send");
    c->is_busy = true;
    c->begun++;
    c->received = 0;
}

// Sends what is due on this connection, if it is free.
static void go_on(struct connection *c, uint64_t time) {
    uint64_t number = number_of_next(c);
    if (!c->is_busy && number < due_count && due(number) <= time) send_request(c);
}

static void take(struct connection *c) {
    while (c->received < response_length) {
        ssize_t count = recv(c->descriptor, input, sizeof input, MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN) return;
        if (count < 0) stop("recv");
        if (count == 0) refuse("the server closed a connection");
        if (c->received == 0 && (count < 12 || memcmp(input, "HTTP/1.1 200", 12))) refuse("a request failed");
        c->received += (size_t)count;
    }
    if (c->received > response_length) refuse("a response is longer than the first was");
    c->is_busy = false;
    uint64_t time = now(), intended = due(number_of_next(c) - connection_count);
    histogram[bucket_of(time > intended ? time - intended : 0)]++;
    answered++;
    go_on(c, time);
}

// All responses have the length of the first: only then can they be told from each other without reading them.
static void learn_response(struct connection *c) {
    size_t received = 0;
    if (send(c->descriptor, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length) stop("send");
    while (!response_length || received < response_length) {
        ssize_t count = recv(c->descriptor, input + received, sizeof input - 1 - received, 0);
        if (count <= 0) stop("recv");
        received += (size_t)count;
        input[received] = 0;
        char *end = strstr(input, "\r\n\r\n"), *length = strcasestr(input, "\r\ncontent-length:");
        if (!end) continue;
        if (!length || length > end) refuse("the response has no Content-Length");
        response_length = (size_t)(end + 4 - input) + strtoul(length + 17, NULL, 10);
        if (response_length >= sizeof input) refuse("the response is too long");
    }
}

static int connected(in_port_t port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int descriptor = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (descriptor < 0) stop("socket");
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) < 0) stop("connect");
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return descriptor;
}

static void run(int poller) {
    uint64_t next = 0, last = due(due_count);
    start = now();
    last += start;
    while (answered < due_count) {
        uint64_t time = now();
        for (; next < due_count && due(next) <= time; next++) {
            struct connection *c = &connections[next % connection_count];
            // A connection that is behind catches up by itself.
            if (number_of_next(c) == next) go_on(c, time);
        }
        if (time > last + PATIENCE_SECONDS * 1000000000ull) refuse("some requests were not answered");
        uint64_t wait = next < due_count ? due(next) - time : 100000000;
        struct timespec timeout = {.tv_sec = (time_t)(wait / 1000000000), .tv_nsec = (long)(wait % 1000000000)};
        struct epoll_event events[MOST_EVENTS];
        int ready = epoll_pwait2(poller, events, MOST_EVENTS, &timeout, NULL);
        if (ready < 0 && errno != EINTR) stop("epoll_pwait2");
        for (int i = 0; i < ready; i++) {
            struct connection *c = events[i].data.ptr;
            if (c->is_busy) take(c);
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 6 || strtoul(argv[3], NULL, 10) == 0 || atof(argv[4]) <= 0) {
        fprintf(stderr, "usage: paced-load PORT PATH CONNECTIONS RATE SECONDS\n");
        return 2;
    }
    connection_count = strtoul(argv[3], NULL, 10);
    nanoseconds_each = 1e9 / atof(argv[4]);
    due_count = (uint64_t)(atof(argv[5]) * 1e9 / nanoseconds_each);
    request_length =
        (size_t)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", argv[2]);
    if (request_length >= sizeof request) refuse("the path is too long");
    connections = calloc(connection_count, sizeof *connections);
    if (!connections) stop("calloc");
    // Timers are else up to 50 microseconds late.
    prctl(PR_SET_TIMERSLACK, 1);

    int poller = epoll_create1(0);
    for (size_t i = 0; i < connection_count; i++) {
        struct connection *c = &connections[i];
        c->descriptor = connected((in_port_t)atoi(argv[1]));
        response_length = 0;
        learn_response(c);
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = c};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, c->descriptor, &event) < 0) stop("epoll_ctl");
    }
    run(poller);
    uint64_t most = 0;
    for (size_t i = 0; i < sizeof histogram / sizeof *histogram; i++)
        if (histogram[i]) most = value_of(i);
    printf(
        "counted %llu %llu %llu %llu %llu\n", (unsigned long long)answered, (unsigned long long)percentile(.5),
        (unsigned long long)percentile(.99), (unsigned long long)percentile(.999), (unsigned long long)most);
}
