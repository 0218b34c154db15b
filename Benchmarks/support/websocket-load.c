// websocket-load MODE PORT PATH CONNECTIONS SIZE [deflate]: loads a WebSocket server on 127.0.0.1 with text messages
// and makes sure that what comes back is what was sent.
//
// echo       every connection has one message under way at a time
// subscribe  the first connection sends one message at a time, and everyone is to get it
// idle       echo of a SIZE of 5; with deflate, each message is compressed, with neither side keeping its context
//
// Once every connection has had its first message it says "ready". For each line then, SECONDS, it lets messages go
// round for that long and prints how many came, as JSON: the server can be measured in between, without connections
// that come and go. 0 seconds are one message for each. Pings are answered all the time.
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
#include <time.h>
#include <unistd.h>

enum { MOST_EVENTS = 256, MOST_SIZE = 65535, MOST_HEAD = 8, HANDSHAKES_AT_ONCE = 64 };
enum { PATIENCE_MILLISECONDS = 10000, MOST_MICROSECONDS = 1 << 20 };
enum { FIN = 0x80, COMPRESSED = 0x40, TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };

struct connection {
    int descriptor;
    bool is_owed;
    size_t held;
    uint8_t *input;
    const char *message;
    uint64_t messages, began;
};

// RFC 6455 §1.3, and RFC 7692 §7.2.3.1: "Hello".
static const char KEY[] = "dGhlIHNhbXBsZSBub25jZQ==", ACCEPT[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
static const uint8_t HELLO[] = {0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00};

static enum { ECHO, SUBSCRIBE, IDLE } mode;
static bool deflates;
static char *pattern;
static size_t size, capacity, connection_count, owed;
static struct connection *connections;
static uint32_t latencies[MOST_MICROSECONDS + 1];
static uint64_t counted, errors;
static int poller;

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

static uint32_t noise(void) {
    static uint64_t state = 88172645463325252u;
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)(state >> 16);
}

// Each message is another window of printable noise: one that is late, early or another connection's is noticed.
static void fill_pattern(void) {
    pattern = malloc(2 * size);
    if (!pattern) stop("malloc");
    for (size_t i = 0; i < 2 * size; i++) pattern[i] = (char)(' ' + noise() % 95);
    if (mode == IDLE) memcpy(pattern, "HelloHello", 10);
}

static void fail(struct connection *c, const char *what) {
    static bool has_said;
    if (!has_said) fprintf(stderr, "connection %zu: %s\n", (size_t)(c - connections), what);
    has_said = true;
    errors++;
    if (c->descriptor >= 0) close(c->descriptor);
    c->descriptor = -1;
    if (c->is_owed) owed--;
    c->is_owed = false;
}

static void send_frame(struct connection *c, uint8_t first, const void *payload, size_t count) {
    static uint8_t frame[MOST_HEAD + MOST_SIZE];
    uint32_t mask = noise();
    size_t head = 2;
    frame[0] = first;
    frame[1] = (uint8_t)(0x80 | (count < 126 ? count : 126));
    if (count >= 126) frame[2] = (uint8_t)(count >> 8), frame[3] = (uint8_t)count, head = 4;
    memcpy(frame + head, &mask, 4);
    const uint8_t *key = frame + head, *from = payload;
    uint8_t *to = frame + head + 4;
    for (size_t i = 0; i < count; i++) to[i] = from[i] ^ key[i % 4];
    // One message is under way at a time, so a socket's buffer always has room for it.
    if (send(c->descriptor, frame, head + 4 + count, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)(head + 4 + count))
        fail(c, "send failed");
}

// Whom the next message is owed to: the sender, or everyone.
static void begin_message(struct connection *c) {
    uint64_t number = (uint64_t)(c - connections) * 7919 + c->messages * 104729, time = now();
    const char *message = mode == IDLE ? pattern : pattern + number % size;
    size_t count = mode == SUBSCRIBE ? connection_count : 1;
    for (struct connection *each = c; each < c + count; each++) {
        if (each->descriptor < 0) continue;
        each->message = message, each->began = time, each->is_owed = true;
        owed++;
    }
    if (c->descriptor < 0) return;
    if (deflates) send_frame(c, FIN | COMPRESSED | TEXT, HELLO, sizeof HELLO);
    else send_frame(c, FIN | TEXT, message, size);
}

// How a server compresses is its own affair, and not looked into.
static bool is_expected(const struct connection *c, uint8_t first, const uint8_t *payload, size_t count) {
    if (!c->is_owed) return false;
    if (deflates && first == (FIN | COMPRESSED | TEXT)) return count > 0;
    return first == (FIN | TEXT) && count == size && !memcmp(payload, c->message, size);
}

static void take_message(struct connection *c, bool goes_on) {
    uint64_t microseconds = (now() - c->began) / 1000;
    latencies[microseconds < MOST_MICROSECONDS ? microseconds : MOST_MICROSECONDS]++;
    c->messages++, counted++;
    c->is_owed = false, owed--;
    if (!goes_on) return;
    if (mode != SUBSCRIBE) begin_message(c);
    else if (!owed) begin_message(connections);
}

static void take_frames(struct connection *c, bool goes_on) {
    size_t at = 0;
    while (c->descriptor >= 0 && c->held - at >= 2) {
        const uint8_t *frame = c->input + at;
        size_t count = frame[1], head = 2;
        if (count > 126) return fail(c, "a frame is masked, or too long");
        if (count == 126) {
            if (c->held - at < 4) break;
            count = (size_t)frame[2] << 8 | frame[3], head = 4;
        }
        if (head + count > capacity) return fail(c, "a frame is too long");
        if (c->held - at < head + count) break;
        at += head + count;
        if (frame[0] == (FIN | PING)) send_frame(c, FIN | PONG, frame + head, count);
        else if (frame[0] == (FIN | CLOSE)) return fail(c, "the server closed it");
        else if (is_expected(c, frame[0], frame + head, count)) take_message(c, goes_on);
        else return fail(c, "what came is not what was sent");
    }
    memmove(c->input, c->input + at, c->held -= at);
}

static void read_frames(struct connection *c, bool goes_on) {
    while (c->descriptor >= 0) {
        size_t room = capacity - c->held;
        ssize_t count = recv(c->descriptor, c->input + c->held, room, MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) return fail(c, "the server closed it");
        c->held += (size_t)count;
        take_frames(c, goes_on);
        // A receive that did not fill the buffer took all there was.
        if ((size_t)count < room) return;
    }
}

// Waits for events once; false when none came in time.
static bool poll_once(uint64_t deadline, bool *has_line) {
    struct epoll_event events[MOST_EVENTS];
    int ready = epoll_wait(poller, events, MOST_EVENTS, has_line ? -1 : PATIENCE_MILLISECONDS);
    if (ready < 0 && errno != EINTR) stop("epoll_wait");
    bool goes_on = now() < deadline;
    for (int i = 0; i < ready; i++) {
        if (events[i].data.ptr) read_frames(events[i].data.ptr, goes_on);
        else if (has_line) *has_line = true;
    }
    return ready != 0;
}

// Messages go round until every connection is idle: one each, or as many as begin before the deadline.
static void run(uint64_t deadline) {
    for (size_t i = 0; i < (mode == SUBSCRIBE ? 1 : connection_count); i++)
        if (connections[i].descriptor >= 0) begin_message(&connections[i]);
    while (owed && poll_once(deadline, NULL)) continue;
    for (size_t i = 0; owed && i < connection_count; i++)
        if (connections[i].is_owed) fail(&connections[i], "a message never came");
}

static unsigned percentile(double part) {
    uint64_t below = 0, wanted = (uint64_t)((double)counted * part);
    for (unsigned microseconds = 0; microseconds <= MOST_MICROSECONDS; microseconds++)
        if ((below += latencies[microseconds]) > wanted) return microseconds;
    return 0;
}

static void run_and_report(double seconds) {
    counted = 0;
    memset(latencies, 0, sizeof latencies);
    uint64_t began = now();
    run(began + (uint64_t)(seconds * 1e9));
    double took = (double)(now() - began) / 1e9;
    printf("{\"messages\": %llu, \"seconds\": %.6f, \"errors\": %llu, ", (unsigned long long)counted, took,
           (unsigned long long)errors);
    printf("\"p50_us\": %u, \"p99_us\": %u, \"p99.9_us\": %u}\n", percentile(0.5), percentile(0.99), percentile(0.999));
    fflush(stdout);
}

static void begin_handshake(struct connection *c, uint16_t port, const char *path) {
    static const char offer[] =
        "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n";
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    char head[1024];
    c->descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (c->descriptor < 0) stop("socket");
    if (connect(c->descriptor, (struct sockaddr *)&address, sizeof address) < 0) stop("connect");
    setsockopt(c->descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int length = snprintf(
        head, sizeof head,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s\r\n",
        path, port, KEY, deflates ? offer : "");
    if (send(c->descriptor, head, (size_t)length, MSG_NOSIGNAL) != length) stop("send");
}

static void end_handshake(struct connection *c) {
    char head[4096] = "";
    const char *blank = NULL;
    for (size_t count = 0; !blank; blank = strstr(head, "\r\n\r\n")) {
        ssize_t received = recv(c->descriptor, head + count, sizeof head - 1 - count, 0);
        if (received < 0) stop("recv");
        if (received == 0) refuse("the server closed a connection in place of its handshake");
        head[count += (size_t)received] = 0;
    }
    if (blank[4] || strncmp(head, "HTTP/1.1 101 ", 13) || !strstr(head, ACCEPT)) refuse(head);
    if (deflates != (strcasestr(head, "permessage-deflate") != NULL)) refuse(head);
    if (deflates && !strcasestr(head, "server_no_context_takeover")) refuse(head);
    c->input = malloc(capacity);
    if (!c->input) stop("malloc");
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = c};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, c->descriptor, &event) < 0) stop("epoll_ctl");
}

static void open_connections(uint16_t port, const char *path) {
    for (size_t begun = 0, ended = 0; ended < connection_count; ended++) {
        while (begun < connection_count && begun < ended + HANDSHAKES_AT_ONCE)
            begin_handshake(&connections[begun++], port, path);
        end_handshake(&connections[ended]);
    }
}

int main(int argc, char **argv) {
    static const char *const modes[] = {"echo", "subscribe", "idle"};
    for (mode = ECHO; argc > 1 && mode <= IDLE && strcmp(argv[1], modes[mode]); mode++) continue;
    if (argc < 6 || argc > 7 || mode > IDLE || (argc == 7 && (mode != IDLE || strcmp(argv[6], "deflate")))) {
        fprintf(stderr, "usage: websocket-load echo|subscribe|idle PORT PATH CONNECTIONS SIZE [deflate, when idle]\n");
        return 2;
    }
    connection_count = strtoul(argv[4], NULL, 10);
    size = strtoul(argv[5], NULL, 10);
    deflates = argc == 7;
    if (!connection_count || !size || size > MOST_SIZE || (mode == IDLE && size != 5)) refuse("no such count or size");
    // Beside the message there may be a ping.
    capacity = size + 256;
    connections = calloc(connection_count, sizeof *connections);
    if (!connections) stop("calloc");
    fill_pattern();

    poller = epoll_create1(0);
    open_connections((uint16_t)atoi(argv[2]), argv[3]);
    run(0);
    if (errors) return 1;
    puts("ready");
    fflush(stdout);
    struct epoll_event event = {.events = EPOLLIN};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &event) < 0) stop("epoll_ctl");
    for (;;) {
        bool has_line = false;
        char line[64];
        while (!has_line) poll_once(0, &has_line);
        if (!fgets(line, sizeof line, stdin)) return 0;
        run_and_report(atof(line));
    }
}
