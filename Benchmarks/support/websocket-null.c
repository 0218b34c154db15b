// websocket-null PORT: what a WebSocket server on epoll cannot get below. A recv for each readable event and a send of
// what its messages become, unmasked where they lie; it checks next to nothing and knows neither fragments nor pings.
//
// /ws/echo answers a socket with what it sent; any other path is a channel, of which each socket gets every message.
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
#include <unistd.h>

enum { MOST_EVENTS = 256, MOST_DESCRIPTORS = 20000, BUFFER = 131072, MASK = 4, CLOSE = 8, KEY = 24, SHA1 = 20 };

struct bytes {
    uint8_t *start;
    size_t count;
};

// By descriptor: the part of a frame that is not complete, and what the kernel has not taken yet.
static struct connection {
    struct bytes input, rest;
    bool is_open, is_subscriber;
} connections[MOST_DESCRIPTORS];

static uint8_t input[BUFFER];
static int subscribers[MOST_DESCRIPTORS], subscriber_count;

static void stop(const char *what) {
    perror(what);
    exit(1);
}

static void append(struct bytes *bytes, const uint8_t *more, size_t count) {
    bytes->start = realloc(bytes->start, bytes->count + count);
    if (!bytes->start) stop("realloc");
    memcpy(bytes->start + bytes->count, more, count);
    bytes->count += count;
}

static void clear(struct bytes *bytes) {
    free(bytes->start);
    *bytes = (struct bytes){0};
}

static void end(int descriptor) {
    struct connection *c = &connections[descriptor];
    for (int i = 0; c->is_subscriber && i < subscriber_count; i++)
        if (subscribers[i] == descriptor) subscribers[i--] = subscribers[--subscriber_count];
    clear(&c->input);
    clear(&c->rest);
    *c = (struct connection){0};
    close(descriptor);
}

// What fails is noticed when the socket is read next.
static void write_all(int descriptor, const uint8_t *bytes, size_t count) {
    struct bytes *rest = &connections[descriptor].rest;
    ssize_t sent = rest->count ? 0 : send(descriptor, bytes, count, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return;
    if (sent < 0) sent = 0;
    if ((size_t)sent < count) append(rest, bytes + sent, count - (size_t)sent);
}

static void write_rest(int descriptor) {
    struct bytes *rest = &connections[descriptor].rest;
    ssize_t sent = send(descriptor, rest->start, rest->count, MSG_NOSIGNAL);
    if (sent < 0) return;
    memmove(rest->start, rest->start + sent, rest->count -= (size_t)sent);
    if (!rest->count) clear(rest);
}

static uint32_t rotated(uint32_t value, int bits) { return value << bits | value >> (32 - bits); }

// FIPS 180-4 §6.1.2, of at most 119 bytes: two blocks.
static void sha1(const char *text, uint8_t digest[SHA1]) {
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    size_t length = strlen(text), blocks = (length + 8) / 64 + 1;
    uint8_t padded[128] = {0};
    memcpy(padded, text, length);
    padded[length] = 0x80;
    padded[blocks * 64 - 2] = (uint8_t)(length >> 5), padded[blocks * 64 - 1] = (uint8_t)(length << 3);
    for (const uint8_t *block = padded; block < padded + blocks * 64; block += 64) {
        uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
        for (int i = 0; i < 16; i++) {
            memcpy(&w[i], block + 4 * i, 4);
            w[i] = ntohl(w[i]);
        }
        for (int i = 16; i < 80; i++) w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        for (int i = 0; i < 80; i++) {
            uint32_t f = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999
                         : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                         : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                                  : (b ^ c ^ d) + 0xca62c1d6;
            uint32_t next = rotated(a, 5) + f + e + w[i];
            e = d, d = c, c = rotated(b, 30), b = a, a = next;
        }
        state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
    }
    for (int i = 0; i < SHA1; i++) digest[i] = (uint8_t)(state[i / 4] >> (24 - i % 4 * 8));
}

// RFC 6455 §4.2.2: what to answer a key of 24 characters with.
static void accept_key(const char *key, char accept[29]) {
    static const char *const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[KEY + 37];
    uint8_t digest[SHA1 + 1] = {0};
    snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    sha1(text, digest);
    for (int i = 0; i < 27; i++) {
        int bit = i * 6, pair = digest[bit / 8] << 8 | digest[bit / 8 + 1];
        accept[i] = digits[pair >> (10 - bit % 8) & 63];
    }
    accept[27] = '=', accept[28] = 0;
}

// How much of the input is the request; 0 while it is incomplete, -1 when it is not for a WebSocket.
static ssize_t handshake(int descriptor, const uint8_t *bytes, size_t count) {
    static const char name[] = "\r\nSec-WebSocket-Key: ";
    const uint8_t *blank = memmem(bytes, count, "\r\n\r\n", 4);
    if (!blank) return 0;
    char head[2048] = "", accept[29], answer[256];
    if (blank - bytes >= (ssize_t)sizeof head) return -1;
    memcpy(head, bytes, (size_t)(blank - bytes));
    const char *key = strcasestr(head, name);
    if (!key || strlen(key) < sizeof name - 1 + KEY) return -1;
    accept_key(key + sizeof name - 1, accept);
    int length = snprintf(
        answer, sizeof answer,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: %s\r\n\r\n",
        accept);
    connections[descriptor].is_open = true;
    connections[descriptor].is_subscriber = strncmp(head, "GET /ws/echo ", 13) != 0;
    if (connections[descriptor].is_subscriber) subscribers[subscriber_count++] = descriptor;
    write_all(descriptor, (uint8_t *)answer, (size_t)length);
    return blank + 4 - bytes;
}

static void unmask(uint8_t *to, const uint8_t *from, size_t count, const uint8_t key[MASK]) {
    uint64_t wide, word;
    memcpy(&wide, key, MASK);
    memcpy((uint8_t *)&wide + MASK, key, MASK);
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        memcpy(&word, from + i, 8);
        word ^= wide;
        memcpy(to + i, &word, 8);
    }
    for (; i < count; i++) to[i] = from[i] ^ key[i % MASK];
}

// Turns a client's complete frames into a server's, in place, where each is shorter by its mask. Returns how much it
// has taken, -1 when that ends the connection; `made` is how much it has left instead.
static ssize_t turn_frames(uint8_t *bytes, size_t count, size_t *made) {
    size_t at = 0;
    *made = 0;
    while (count - at >= 2) {
        const uint8_t *frame = bytes + at;
        size_t length = frame[1] & 127, head = length == 126 ? 4 : 2;
        if (!(frame[1] & 128) || length == 127 || (frame[0] & 15) >= CLOSE) return -1;
        if (count - at < head + MASK) break;
        if (length == 126) length = (size_t)frame[2] << 8 | frame[3];
        if (count - at < head + MASK + length) break;
        uint8_t key[MASK], *to = bytes + *made;
        memcpy(key, frame + head, MASK);
        memmove(to, frame, head);
        to[1] &= 127;
        unmask(to + head, frame + head + MASK, length, key);
        at += head + MASK + length, *made += head + length;
    }
    return (ssize_t)at;
}

static void serve(int descriptor) {
    struct connection *c = &connections[descriptor];
    if (c->rest.count) write_rest(descriptor);
    ssize_t received;
    size_t held;
    do {
        held = c->input.count;
        received = recv(descriptor, input + held, sizeof input - held, 0);
        if (received < 0 && errno == EAGAIN) return;
        if (received <= 0) return end(descriptor);
        if (held) memcpy(input, c->input.start, held);
        size_t count = held + (size_t)received, made = 0;
        ssize_t taken = c->is_open ? turn_frames(input, count, &made) : handshake(descriptor, input, count);
        if (taken < 0) return end(descriptor);
        if (made && !c->is_subscriber) write_all(descriptor, input, made);
        for (int i = 0; made && c->is_subscriber && i < subscriber_count; i++) write_all(subscribers[i], input, made);
        if (held) clear(&c->input);
        if ((size_t)taken < count) append(&c->input, input + taken, count - (size_t)taken);
    } while ((size_t)received == sizeof input - held);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: websocket-null PORT\n");
        return 2;
    }
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) stop("bind");
    if (listen(listener, 4096) < 0) stop("listen");
    int poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[MOST_EVENTS];
        int ready = epoll_wait(poller, events, MOST_EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd != listener) {
                serve(events[i].data.fd);
                continue;
            }
            int connection;
            while ((connection = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                if (connection >= MOST_DESCRIPTORS) stop("too many connections");
                setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                event = (struct epoll_event){.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = connection};
                epoll_ctl(poller, EPOLL_CTL_ADD, connection, &event);
            }
        }
    }
}
